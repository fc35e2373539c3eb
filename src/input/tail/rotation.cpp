// SPDX-License-Identifier: Apache-2.0
#include "input/tail/rotation.h"

#include <dirent.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <memory>
#include <utility>

namespace tailrace::tail {
namespace {

constexpr std::string_view kDigits = "0123456789";
// A number in a name with at least so many digits is a date.
constexpr size_t kDateDigits = 8;

bool TakeSuffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// What rotation put into the name, without the separator before it.
std::optional<RotatedName> ParsePart(std::string_view part) {
  RotatedName name;
  if (part == "old" || part == "bak" || part == "prev") return name;
  if (part.empty() || kDigits.find(part.front()) == kDigits.npos ||
      part.find_first_not_of("0123456789-_.:T") != part.npos) {
    return std::nullopt;
  }
  std::copy_if(part.begin(), part.end(), std::back_inserter(name.stamp),
               [](char c) { return kDigits.find(c) != kDigits.npos; });
  if (name.stamp.size() >= kDateDigits) return name;
  if (name.stamp.size() != part.size()) return std::nullopt;
  name.numbered = true;
  std::from_chars(part.data(), part.data() + part.size(), name.number);
  name.stamp.clear();
  return name;
}

// Whether a was rotated before b.
bool Older(const Sibling& a, const Sibling& b) {
  if (a.name.numbered && b.name.numbered) {
    if (a.name.number != b.name.number) return a.name.number > b.name.number;
  } else if (!a.name.stamp.empty() && !b.name.stamp.empty()) {
    if (a.name.stamp != b.name.stamp) return a.name.stamp < b.name.stamp;
  }
  return std::pair(a.status.mtime, a.path) < std::pair(b.status.mtime, b.path);
}

// When the generation was rotated, in ns, at the earliest: from its name where that has a local
// time to the second, else from its last change. (The kubelet compresses later, which makes a new
// last change.)
int64_t RotatedAt(const Sibling& sibling) {
  const std::string& stamp = sibling.name.stamp;
  if (!sibling.name.gzip || stamp.size() != 14) return sibling.status.mtime;
  const auto number = [&](size_t at, size_t size) {
    int value = 0;
    std::from_chars(stamp.data() + at, stamp.data() + at + size, value);
    return value;
  };
  std::tm when{};
  when.tm_year = number(0, 4) - 1900;
  when.tm_mon = number(4, 2) - 1;
  when.tm_mday = number(6, 2);
  when.tm_hour = number(8, 2);
  when.tm_min = number(10, 2);
  when.tm_sec = number(12, 2) + 1;
  when.tm_isdst = -1;
  return int64_t{std::mktime(&when)} * 1'000'000'000;
}

// The generation's own file, or a copy of it that has all that was read.
bool IsSelf(const GenerationRecord& last, const Sibling& sibling, bool copies) {
  const bool own = sibling.status.id.inode == last.key.inode && !sibling.name.gzip;
  if (!own && (!copies || last.head.size == 0)) return false;
  if (!sibling.name.gzip && sibling.status.size < last.position) return false;
  auto file = SourceFile::Open(sibling.path, sibling.name.gzip);
  if (!file) return false;
  if (own ? !IsFileOf(last, *file, sibling.status) : !BeginsWith(*file, last.head)) return false;
  if (last.tail.size == 0 || sibling.name.gzip) return true;
  return Matches(last.tail, file->Peek(last.tail_at - last.tail.size, last.tail.size));
}

}  // namespace

std::optional<RotatedName> ParseRotatedName(std::string_view base, std::string_view name) {
  const bool gzip = TakeSuffix(name, ".gz");
  std::optional<RotatedName> parsed;
  const auto try_part = [&](std::string_view stem) {
    if (parsed || !name.starts_with(stem)) return;
    const std::string_view rest = name.substr(stem.size());
    if (rest.size() < 2 || (rest[0] != '.' && rest[0] != '-' && rest[0] != '_')) return;
    parsed = ParsePart(rest.substr(1));
  };
  if (name == base) {
    if (!gzip) return std::nullopt;
    parsed.emplace();
  }
  try_part(base);
  const size_t dot = base.rfind('.');
  if (dot != base.npos && dot > 0 && TakeSuffix(name, base.substr(dot))) {
    try_part(base.substr(0, dot));
  }
  if (parsed) parsed->gzip = gzip;
  return parsed;
}

std::vector<Sibling> RotatedSiblings(const std::string& real) {
  std::vector<Sibling> siblings;
  const size_t slash = real.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : real.substr(0, slash + 1);
  const std::string_view base =
      std::string_view(real).substr(slash == std::string::npos ? 0 : slash + 1);
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(directory.c_str()), &::closedir);
  if (!opened) return siblings;
  while (const dirent* entry = ::readdir(opened.get())) {
    auto name = ParseRotatedName(base, entry->d_name);
    if (!name) continue;
    std::string path = slash == std::string::npos ? entry->d_name : directory + entry->d_name;
    const auto status = StatPath(path);
    if (!status || !status->regular) continue;
    siblings.push_back({std::move(path), std::move(*name), *status});
  }
  std::sort(siblings.begin(), siblings.end(), Older);
  return siblings;
}

bool IsFileOf(const GenerationRecord& record, SourceFile& file, const FileStat& status) {
  if (record.key.inode != status.id.inode) return false;
  const bool told = record.birth != 0 && status.birth != 0;
  if (told && record.birth != status.birth) return false;
  return record.head.size == 0 || BeginsWith(file, record.head);
}

bool BeginsWith(SourceFile& file, const Fingerprint& head) {
  return head.size > 0 && Matches(head, file.Peek(0, head.size));
}

Lineage FindLineage(const GenerationRecord& last, const std::optional<FileId>& current) {
  std::vector<Sibling> siblings = RotatedSiblings(last.real);
  std::erase_if(siblings,
                [&](const Sibling& sibling) { return current && sibling.status.id == *current; });
  auto self = siblings.end();
  for (const bool copies : {false, true}) {
    if (self != siblings.end()) break;
    self = std::find_if(siblings.begin(), siblings.end(),
                        [&](const Sibling& sibling) { return IsSelf(last, sibling, copies); });
  }
  Lineage lineage;
  if (self != siblings.end()) {
    lineage.later.assign(std::make_move_iterator(self + 1),
                         std::make_move_iterator(siblings.end()));
    lineage.self = std::move(*self);
    return lineage;
  }
  for (Sibling& sibling : siblings) {
    if (RotatedAt(sibling) >= last.mtime) lineage.later.push_back(std::move(sibling));
  }
  return lineage;
}

}  // namespace tailrace::tail
