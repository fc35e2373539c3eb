// SPDX-License-Identifier: Apache-2.0
#include "http_connection.h"

#include <libdeflate.h>
#include <strings.h>

#include <charconv>
#include <cstring>

namespace tailrace::bench {
namespace {

constexpr std::size_t kLargestBody = std::size_t{1} << 30;

bool EqualsNoCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <typename T>
bool ParseNumber(std::string_view text, int base, T& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

std::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 413:
      return "Request Entity Too Large";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

}  // namespace

HttpConnection::HttpConnection() : decompressor_(libdeflate_alloc_decompressor()) {}
HttpConnection::~HttpConnection() { libdeflate_free_decompressor(decompressor_); }

char* HttpConnection::PrepareInput(std::size_t least) {
  if (in_.size() - in_used_ < least) in_.resize(std::max(in_.size() * 2, in_used_ + least));
  return in_.data() + in_used_;
}

ParseState HttpConnection::Parse(HttpRequest& request) {
  if (head_bytes_ == 0) {
    const std::size_t end = std::string_view(in_.data(), in_used_).find("\r\n\r\n");
    if (end == std::string_view::npos) {
      return in_used_ > (1 << 16) ? ParseState::kBad : ParseState::kNeedMore;
    }
    if (!ParseHead(end)) return ParseState::kBad;
    PrepareInput(content_length_);  // one allocation for a large body
  }
  std::string_view raw;
  if (chunked_) {
    const ParseState state = FindChunkedBody();
    if (state != ParseState::kComplete) return state;
    raw = chunked_body_;
    request_bytes_ = chunk_at_;
  } else {
    if (in_used_ < head_bytes_ + content_length_) {
      if (expect_continue_) out += "HTTP/1.1 100 Continue\r\n\r\n";
      expect_continue_ = false;
      return ParseState::kNeedMore;
    }
    raw = {in_.data() + head_bytes_, content_length_};
    request_bytes_ = head_bytes_ + content_length_;
  }
  const std::string_view target(in_.data() + target_begin_, target_end_ - target_begin_);
  const std::size_t question = target.find('?');
  request.method = {in_.data(), method_end_};
  request.path = target.substr(0, question);
  request.query = question == std::string_view::npos ? "" : target.substr(question + 1);
  request.wire_body_bytes = raw.size();
  request.keep_alive = keep_alive_;
  request.body = raw;
  if (gzip_ && !Decode(raw, request.body)) return ParseState::kBad;
  return ParseState::kComplete;
}

bool HttpConnection::ParseHead(std::size_t head_end) {
  const std::string_view head(in_.data(), head_end);
  std::size_t line_end = std::min(head.find("\r\n"), head.size());
  const std::string_view request_line = head.substr(0, line_end);
  method_end_ = request_line.find(' ');
  target_end_ = request_line.rfind(' ');
  if (method_end_ == std::string_view::npos || target_end_ <= method_end_) return false;
  target_begin_ = method_end_ + 1;
  content_length_ = 0;
  chunked_ = gzip_ = expect_continue_ = false;
  keep_alive_ = request_line.substr(target_end_ + 1) != "HTTP/1.0";
  while (line_end < head.size()) {
    const std::size_t begin = line_end + 2;
    line_end = std::min(head.find("\r\n", begin), head.size());
    const std::string_view line = head.substr(begin, line_end - begin);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trim(line.substr(colon + 1));
    if (EqualsNoCase(name, "content-length")) {
      if (!ParseNumber(value, 10, content_length_) || content_length_ > kLargestBody) return false;
    } else if (EqualsNoCase(name, "transfer-encoding")) {
      chunked_ = EqualsNoCase(value, "chunked");
    } else if (EqualsNoCase(name, "content-encoding")) {
      gzip_ = EqualsNoCase(value, "gzip");
      if (!gzip_ && !EqualsNoCase(value, "identity")) return false;
    } else if (EqualsNoCase(name, "connection")) {
      if (EqualsNoCase(value, "close")) keep_alive_ = false;
    } else if (EqualsNoCase(name, "expect")) {
      expect_continue_ = EqualsNoCase(value, "100-continue");
    }
  }
  head_bytes_ = chunk_at_ = head_end + 4;
  chunked_body_.clear();
  return true;
}

ParseState HttpConnection::FindChunkedBody() {
  if (expect_continue_ && in_used_ == head_bytes_) out += "HTTP/1.1 100 Continue\r\n\r\n";
  expect_continue_ = false;
  for (;;) {
    const std::string_view input(in_.data(), in_used_);
    const std::size_t line_end = input.find("\r\n", chunk_at_);
    if (line_end == std::string_view::npos) return ParseState::kNeedMore;
    std::string_view size_text = input.substr(chunk_at_, line_end - chunk_at_);
    size_text = Trim(size_text.substr(0, size_text.find(';')));
    std::size_t size = 0;
    if (!ParseNumber(size_text, 16, size) || size + chunked_body_.size() > kLargestBody) {
      return ParseState::kBad;
    }
    const std::size_t data = line_end + 2;
    if (size == 0) {  // trailer fields, if any, end with an empty line
      std::size_t at = data;
      for (;;) {
        const std::size_t end = input.find("\r\n", at);
        if (end == std::string_view::npos) return ParseState::kNeedMore;
        const bool last = end == at;
        at = end + 2;
        if (last) break;
      }
      chunk_at_ = at;
      return ParseState::kComplete;
    }
    if (in_used_ < data + size + 2) return ParseState::kNeedMore;
    chunked_body_.append(input.substr(data, size));
    chunk_at_ = data + size + 2;
  }
}

bool HttpConnection::Decode(std::string_view raw, std::string_view& decoded) {
  if (decoded_.size() < raw.size() * 4) decoded_.resize(raw.size() * 4 + 65536);
  std::size_t used_in = 0;
  std::size_t total = 0;
  while (used_in < raw.size()) {  // a body may consist of several gzip members
    std::size_t member_in = 0;
    std::size_t member_out = 0;
    const libdeflate_result result = libdeflate_gzip_decompress_ex(
        decompressor_, raw.data() + used_in, raw.size() - used_in, decoded_.data() + total,
        decoded_.size() - total, &member_in, &member_out);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE && decoded_.size() < kLargestBody) {
      decoded_.resize(decoded_.size() * 2);
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) return false;
    used_in += member_in;
    total += member_out;
  }
  decoded = {decoded_.data(), total};
  return true;
}

void HttpConnection::Consume() {
  std::memmove(in_.data(), in_.data() + request_bytes_, in_used_ - request_bytes_);
  in_used_ -= request_bytes_;
  head_bytes_ = request_bytes_ = 0;
}

void HttpConnection::Respond(int status, std::string_view body, bool head_only) {
  out += "HTTP/1.1 " + std::to_string(status) + " ";
  out += Reason(status);
  out +=
      "\r\nX-elastic-product: Elasticsearch\r\ncontent-type: application/json\r\n"
      "content-length: " +
      std::to_string(body.size()) + "\r\n\r\n";
  if (!head_only) out += body;
}

}  // namespace tailrace::bench
