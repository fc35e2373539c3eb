// SPDX-License-Identifier: Apache-2.0
#include "net/http_answer.h"

#include <algorithm>
#include <charconv>

namespace tailrace::net {
namespace {

// All lines before the body together; servers stay far below.
constexpr std::size_t kHeadBytesMax = 256 << 10;
// Memory is set aside for a body as its length is announced, but not more than this at once.
constexpr std::size_t kReserveBytesMax = 1 << 20;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// True if `value`, a list with commas, names `token` (in lower case).
bool Lists(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    const std::string_view item = Trimmed(value.substr(0, value.find(',')));
    if (std::equal(item.begin(), item.end(), token.begin(), token.end(),
                   [](char a, char b) { return Lower(a) == b; })) {
      return true;
    }
    const std::size_t comma = value.find(',');
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
  return false;
}

bool ReadNumber(std::string_view text, int base, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

}  // namespace

HttpAnswerReader::State HttpAnswerReader::Take(std::string_view bytes) {
  begun_ |= !bytes.empty();
  while (!bytes.empty() && state_ == State::kHead) TakeHead(bytes);
  if (state_ == State::kBody) TakeBody(bytes);
  leftover_ |= state_ == State::kDone && !bytes.empty();
  return state_;
}

HttpAnswerReader::State HttpAnswerReader::End() {
  keep_alive_ = false;
  if (state_ == State::kBody && framing_ == Framing::kUntilEnd) state_ = State::kDone;
  return state_;
}

bool HttpAnswerReader::TakeLine(std::string_view& bytes, std::string_view& line) {
  if (std::exchange(line_taken_, false)) line_.clear();
  const std::size_t newline = bytes.find('\n');
  const std::size_t size = newline == std::string_view::npos ? bytes.size() : newline + 1;
  head_bytes_ += size;
  if (head_bytes_ > kHeadBytesMax) {
    state_ = State::kBad;
    return false;
  }
  if (newline == std::string_view::npos || !line_.empty()) {
    line_.append(bytes.substr(0, size));
    line = line_;
  } else {
    line = bytes.substr(0, size);
  }
  bytes.remove_prefix(size);
  if (newline == std::string_view::npos) return false;
  line_taken_ = true;
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

void HttpAnswerReader::TakeHead(std::string_view& bytes) {
  std::string_view line;
  if (TakeLine(bytes, line)) {
    OnLine(line);
  } else if (response_.status == 0 &&
             !std::string_view("HTTP/1.").starts_with(std::string_view(line_).substr(0, 7))) {
    state_ = State::kBad;  // said at once: such a peer may never end its line
  }
}

void HttpAnswerReader::OnLine(std::string_view line) {
  if (response_.status == 0) {
    if (!StatusLine(line)) state_ = State::kBad;
  } else if (!line.empty()) {
    HeaderLine(line);
  } else if (response_.status < 200 && response_.status != 101) {
    response_ = {};  // an interim answer
    keep_alive_ = true;
    framing_ = Framing::kUntilEnd;
    has_length_ = false;
  } else {
    HeadEnd();
  }
}

// "HTTP/1.1 200 OK"
bool HttpAnswerReader::StatusLine(std::string_view line) {
  std::uint64_t status = 0;
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return false;
  if (!ReadNumber(line.substr(9, 3), 10, status) || status < 100) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  keep_alive_ = line[7] != '0';
  response_.status = static_cast<int>(status);
  return true;
}

void HttpAnswerReader::HeaderLine(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    state_ = State::kBad;
    return;
  }
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), Lower);
  const std::string_view value = Trimmed(line.substr(colon + 1));
  if (name == "transfer-encoding") {
    if (!Lists(value, "chunked")) state_ = State::kBad;
    framing_ = Framing::kChunked;
  } else if (name == "content-length") {
    std::uint64_t length = 0;
    // Two lengths that differ, or none that is a number: nobody knows where the body ends.
    if (!ReadNumber(value, 10, length) || (has_length_ && length != left_)) state_ = State::kBad;
    has_length_ = true;
    left_ = length;
  } else if (name == "connection") {
    if (Lists(value, "close")) keep_alive_ = false;
    if (Lists(value, "keep-alive")) keep_alive_ = true;
  }
  response_.headers.push_back({std::move(name), std::string(value)});
}

void HttpAnswerReader::HeadEnd() {
  if (to_head_ || response_.status == 204 || response_.status == 304 || response_.status == 101) {
    state_ = State::kDone;
    keep_alive_ &= response_.status != 101;
    return;
  }
  state_ = State::kBody;
  if (framing_ == Framing::kChunked) {
    left_ = 0;
    return;
  }
  if (!has_length_) {
    keep_alive_ = false;
    return;
  }
  framing_ = Framing::kLength;
  if (left_ > body_bytes_max_) {
    state_ = State::kTooLarge;
  } else if (left_ == 0) {
    state_ = State::kDone;
  } else {
    response_.body.reserve(std::min<std::uint64_t>(left_, kReserveBytesMax));
  }
}

void HttpAnswerReader::Append(std::string_view& bytes, std::uint64_t size) {
  const std::string_view piece = bytes.substr(0, std::min<std::uint64_t>(size, bytes.size()));
  bytes.remove_prefix(piece.size());
  if (response_.body.size() + piece.size() > body_bytes_max_) {
    state_ = State::kTooLarge;
    response_.body.clear();
    return;
  }
  response_.body.append(piece);
  left_ -= std::min<std::uint64_t>(left_, piece.size());
}

void HttpAnswerReader::TakeBody(std::string_view& bytes) {
  switch (framing_) {
    case Framing::kUntilEnd:
      Append(bytes, bytes.size());
      break;
    case Framing::kLength:
      Append(bytes, left_);
      if (state_ == State::kBody && left_ == 0) state_ = State::kDone;
      break;
    case Framing::kChunked:
      while (state_ == State::kBody && !bytes.empty()) TakeChunked(bytes);
      break;
  }
}

void HttpAnswerReader::TakeChunked(std::string_view& bytes) {
  if (chunk_part_ == ChunkPart::kData) {
    Append(bytes, left_);
    if (left_ == 0) chunk_part_ = ChunkPart::kDataEnd;
    return;
  }
  std::string_view line;
  if (!TakeLine(bytes, line)) return;
  switch (chunk_part_) {
    case ChunkPart::kSize:
      ChunkSize(line);
      break;
    case ChunkPart::kDataEnd:
      if (!line.empty()) state_ = State::kBad;
      head_bytes_ = 0;  // the limit is on lines without data between them
      chunk_part_ = ChunkPart::kSize;
      break;
    default:
      if (line.empty()) state_ = State::kDone;
      break;
  }
}

void HttpAnswerReader::ChunkSize(std::string_view line) {
  if (!ReadNumber(Trimmed(line.substr(0, line.find(';'))), 16, left_)) {
    state_ = State::kBad;
  } else if (left_ > body_bytes_max_) {
    state_ = State::kTooLarge;
  } else {
    chunk_part_ = left_ == 0 ? ChunkPart::kTrailer : ChunkPart::kData;
  }
}

}  // namespace tailrace::net
