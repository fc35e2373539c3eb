// SPDX-License-Identifier: Apache-2.0
#include "input/tail/position_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "input/tail/whole_file.h"

namespace tailrace::tail {
namespace {

constexpr size_t kHexDigits = 16;

std::string Hex(uint64_t number) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(kHexDigits, '0');
  for (size_t i = kHexDigits; i-- > 0; number >>= 4) text[i] = kDigits[number & 15];
  return text;
}

// Takes hex digits from the front of `text`; false if there are none or they are too many.
bool TakeHex(std::string_view& text, uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool TakeTab(std::string_view& text) {
  if (!text.starts_with('\t')) return false;
  text.remove_prefix(1);
  return true;
}

bool ParseLine(std::string_view line, PositionEntry& entry) {
  const size_t tab = line.find('\t');
  if (tab == 0 || tab == std::string_view::npos) return false;
  entry.path.assign(line.substr(0, tab));
  line.remove_prefix(tab);
  return TakeTab(line) && TakeHex(line, entry.position) && TakeTab(line) &&
         TakeHex(line, entry.inode);
}

}  // namespace

std::string FormatPosition(const PositionEntry& entry) {
  return entry.path + '\t' + Hex(entry.position) + '\t' + Hex(entry.inode) + '\n';
}

std::vector<PositionEntry> ParsePositions(std::string_view text, bool by_inode,
                                          uint64_t* bad_lines) {
  std::vector<PositionEntry> entries;
  std::unordered_map<std::string, size_t> places;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    PositionEntry entry;
    if (!ParseLine(line, entry)) {
      ++*bad_lines;
      continue;
    }
    if (entry.position == kUnwatchedPosition) continue;
    const auto [place, added] =
        places.try_emplace(by_inode ? Hex(entry.inode) : entry.path, entries.size());
    if (added) {
      entries.push_back(std::move(entry));
    } else {
      entries[place->second] = std::move(entry);
    }
  }
  return entries;
}

PositionFile::~PositionFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status PositionFile::Open() {
  if (auto made = MakeDirectoriesFor(path_); !made) return made;
  const auto text = ReadWholeFile(path_);
  if (!text) return tl::unexpected<Error>(text.error());
  for (PositionEntry& entry : ParsePositions(*text, by_inode_, &bad_lines_)) {
    slots_.push_back({std::move(entry)});
  }
  return Compact();
}

size_t PositionFile::Add(PositionEntry entry) {
  Slot slot;
  const std::string line = FormatPosition(entry);
  slot.numbers_at = size_ + entry.path.size() + 1;
  slot.entry = std::move(entry);
  if (append_failed_ || !WriteAt(fd_, path_, size_, line)) {
    append_failed_ = true;
  } else {
    size_ += line.size();
  }
  if (free_.empty()) {
    slots_.push_back(std::move(slot));
    return slots_.size() - 1;
  }
  const size_t place = free_.back();
  free_.pop_back();
  slots_[place] = std::move(slot);
  return place;
}

Status PositionFile::WriteNumbers(const Slot& slot) {
  if (append_failed_) return Compact();
  const uint64_t position = slot.unwatched ? kUnwatchedPosition : slot.entry.position;
  return WriteAt(fd_, path_, slot.numbers_at, Hex(position) + '\t' + Hex(slot.entry.inode));
}

Status PositionFile::Set(size_t slot, uint64_t position, uint64_t inode) {
  slots_[slot].entry.position = position;
  slots_[slot].entry.inode = inode;
  return WriteNumbers(slots_[slot]);
}

Status PositionFile::Unwatch(size_t slot) {
  if (!watched(slot)) return {};
  slots_[slot].unwatched = true;
  ++unwatched_;
  return WriteNumbers(slots_[slot]);
}

Status PositionFile::Keep(const std::function<bool(const PositionEntry&)>& keep) {
  const size_t before = unwatched_;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (!watched(i) || keep(slots_[i].entry)) continue;
    slots_[i].unwatched = true;
    ++unwatched_;
  }
  return unwatched_ == before ? Status() : Compact();
}

Status PositionFile::Compact() {
  std::string text;
  std::vector<uint64_t> places(slots_.size());
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (!watched(i)) continue;
    places[i] = text.size() + slots_[i].entry.path.size() + 1;
    text += FormatPosition(slots_[i].entry);
  }
  if (auto written = ReplaceFile(path_, text); !written) return written;
  const int fd = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return Fail(FileProblem("open", path_, errno));
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  size_ = text.size();
  append_failed_ = false;
  unwatched_ = 0;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (watched(i)) {
      slots_[i].numbers_at = places[i];
    } else if (std::exchange(slots_[i].used, false)) {
      free_.push_back(i);
    }
  }
  return {};
}

}  // namespace tailrace::tail
