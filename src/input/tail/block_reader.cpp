// SPDX-License-Identifier: Apache-2.0
#include "input/tail/block_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tailrace::tail {

void Cursor::MoveTo(uint64_t offset, SourceFile& file) {
  next = searched = offset;
  too_long = false;
  overlap = 0;
  const uint64_t wanted = std::min<uint64_t>(offset, kOverlapBytes);
  if (wanted == 0) return;
  const auto got = file.ReadAt(offset - wanted, {before.data(), static_cast<size_t>(wanted)});
  if (got && *got == wanted) overlap = static_cast<uint8_t>(wanted);
}

bool Cursor::StandsIn(SourceFile& file) const {
  return file.Peek(next - overlap, overlap) == std::string_view(before.data(), overlap);
}

BlockReader::BlockReader(LineSplitter splitter)
    : splitter_(std::move(splitter)),
      block_(std::make_unique<char[]>(kOverlapBytes + kBlockBytes + kPadding)) {}

BlockReader::Outcome BlockReader::Read(SourceFile& file, Cursor& cursor, size_t bytes_max,
                                       size_t lines_max) {
  lines_.clear();
  skipped_ = {};
  end_ = cursor.next;
  more_ = false;
  text_ = {};
  long_line_.reset();
  if (cursor.searched > cursor.next) return ReadLong(file, cursor);

  const size_t overlap = cursor.overlap;
  const size_t wanted = overlap + std::min(bytes_max, kBlockBytes);
  const auto got = file.ReadAt(cursor.next - overlap, {block_.get(), wanted});
  if (!got) {
    error_ = got.error();
    return Outcome::kFailed;
  }
  if (*got < overlap || std::memcmp(block_.get(), cursor.before.data(), overlap) != 0) {
    return Outcome::kTruncated;
  }
  const std::string_view text(block_.get() + overlap, *got - overlap);
  text_ = text;
  const size_t taken = splitter_.Split(text, cursor.next, lines_max, lines_, skipped_);
  end_ = cursor.next + taken;
  accepted_ = block_.get();
  accepted_size_ = overlap + taken;
  more_ = *got == wanted || lines_.size() >= lines_max;
  if (taken > 0) return Outcome::kLines;
  if (*got < wanted) return Outcome::kNothing;
  // A full block without a line end.
  cursor.searched = cursor.next + text.size() / splitter_.newline_size() * splitter_.newline_size();
  more_ = true;
  return Outcome::kMore;
}

BlockReader::Outcome BlockReader::ReadLong(SourceFile& file, Cursor& cursor) {
  const auto got = file.ReadAt(cursor.searched, {block_.get(), kBlockBytes});
  if (!got) {
    error_ = got.error();
    return Outcome::kFailed;
  }
  const std::string_view text(block_.get(), *got);
  const size_t found = splitter_.FindEnd(text, 0);
  if (found == std::string_view::npos) {
    if (text.empty()) {
      const auto status = file.Stat();
      const bool shrunk = !file.gzip() && status && status->size < cursor.searched;
      return shrunk ? Outcome::kTruncated : Outcome::kNothing;
    }
    cursor.searched += text.size() / splitter_.newline_size() * splitter_.newline_size();
    cursor.too_long |= cursor.searched - cursor.next > splitter_.longest();
    more_ = *got == kBlockBytes;
    return more_ ? Outcome::kMore : Outcome::kNothing;
  }
  const uint64_t end = cursor.searched + found;
  more_ = true;
  if (end - cursor.next <= splitter_.longest()) return ReadWhole(file, cursor, end);
  skipped_ = {1, end - cursor.next};
  end_ = end;
  accepted_ = block_.get();
  accepted_size_ = found;
  return Outcome::kLines;
}

// The line [cursor.next, end) is longer than a block.
BlockReader::Outcome BlockReader::ReadWhole(SourceFile& file, const Cursor& cursor, uint64_t end) {
  const size_t overlap = cursor.overlap;
  const size_t size = overlap + static_cast<size_t>(end - cursor.next);
  long_line_ = std::make_unique<char[]>(size + kPadding);
  const auto got = file.ReadAt(cursor.next - overlap, {long_line_.get(), size});
  if (!got) {
    error_ = got.error();
    return Outcome::kFailed;
  }
  if (*got < size || std::memcmp(long_line_.get(), cursor.before.data(), overlap) != 0) {
    return Outcome::kTruncated;
  }
  const std::string_view line = splitter_.WithoutEnd({long_line_.get() + overlap, size - overlap});
  lines_.push_back({line.data(), static_cast<uint32_t>(line.size()), 0, cursor.next, end});
  end_ = end;
  accepted_ = long_line_.get();
  accepted_size_ = size;
  return Outcome::kLines;
}

BlockReader::Outcome BlockReader::ReadUnfinished(SourceFile& file, Cursor& cursor) {
  lines_.clear();
  skipped_ = {};
  end_ = cursor.next;
  more_ = false;
  uint64_t end = cursor.searched;
  while (true) {
    const auto got = file.ReadAt(end, {block_.get(), kBlockBytes});
    if (!got || *got == 0) break;
    end += *got;
  }
  if (end == cursor.next) return Outcome::kNothing;
  if (end - cursor.next > splitter_.longest()) {
    skipped_ = {1, end - cursor.next};
    end_ = end;
    accepted_size_ = 0;
    return Outcome::kLines;
  }
  return ReadWhole(file, cursor, end);
}

void BlockReader::Accept(Cursor& cursor) const {
  cursor.next = cursor.searched = end_;
  cursor.too_long = false;
  const size_t size = std::min(accepted_size_, kOverlapBytes);
  if (size > 0) std::memcpy(cursor.before.data(), accepted_ + accepted_size_ - size, size);
  cursor.overlap = static_cast<uint8_t>(size);
}

}  // namespace tailrace::tail
