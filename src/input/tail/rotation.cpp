// SPDX-License-Identifier: Apache-2.0
#include "input/tail/rotation.h"

#include <dirent.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <memory>
#include <utility>

#include "tailrace/log.h"

namespace tailrace::tail {
namespace {

constexpr std::string_view kDigits = "0123456789";
// A number in a name with at least so many digits is a date.
constexpr size_t kDateDigits = 8;
// Looks at a folder until two of them see the same.
constexpr int kLooks = 100;

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

// Opens the file and makes sure that it is the one that was listed: names move while somebody
// rotates.
bool OpenListed(Sibling& sibling) {
  if (sibling.file.is_open()) return true;
  auto file = SourceFile::Open(sibling.path, sibling.name.gzip);
  if (!file) return false;
  const auto status = file->Stat();
  if (!status || status->id != sibling.status.id) return false;
  sibling.status = *status;
  sibling.file = std::move(*file);
  return true;
}

// The generation's own file, or a copy of it that has all that was read.
bool IsSelf(const GenerationRecord& last, Sibling& sibling, bool copies) {
  const bool own = sibling.status.id.inode == last.key.inode && !sibling.name.gzip;
  if (!own && (!copies || last.head.size == 0)) return false;
  if (!sibling.name.gzip && sibling.status.size < last.position) return false;
  if (!OpenListed(sibling)) return false;
  const bool tail_there =
      last.tail.size == 0 ||
      Matches(last.tail, sibling.file.Peek(last.tail_at - last.tail.size, last.tail.size));
  const bool same = own ? IsFileOf(last, sibling.file, sibling.status) && tail_there
                        : IsCopyOf(last, sibling.file);
  if (!same) sibling.file.Close();
  return same;
}

bool SameListing(const std::vector<Sibling>& a, const std::vector<Sibling>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Sibling& x, const Sibling& y) {
    return x.path == y.path && x.status.id == y.status.id;
  });
}

// One look; nothing where names moved meanwhile.
std::optional<Lineage> TryFindLineage(const GenerationRecord& last,
                                      const std::optional<FileId>& current) {
  std::vector<Sibling> siblings = RotatedSiblings(last.real);
  const auto is_current = [&](const Sibling& sibling) {
    return current && sibling.status.id == *current;
  };
  auto self = siblings.end();
  for (const bool copies : {false, true}) {
    if (self != siblings.end()) break;
    self = std::find_if(siblings.begin(), siblings.end(), [&](Sibling& sibling) {
      return !is_current(sibling) && IsSelf(last, sibling, copies);
    });
  }
  bool steady = true;
  for (auto at = self == siblings.end() ? siblings.begin() : self + 1; at != siblings.end(); ++at) {
    if (is_current(*at)) continue;
    if (self == siblings.end() && RotatedAt(*at) < last.mtime) continue;
    steady = OpenListed(*at) && steady;
  }
  const std::vector<Sibling> again = RotatedSiblings(last.real);
  if (!steady || !SameListing(siblings, again)) return std::nullopt;

  Lineage lineage;
  for (auto at = self == siblings.end() ? siblings.begin() : self + 1; at != siblings.end(); ++at) {
    const bool wanted = self != siblings.end() || RotatedAt(*at) >= last.mtime;
    if (at->file.is_open() && wanted) lineage.later.push_back(std::move(*at));
  }
  if (self != siblings.end()) lineage.self = std::move(*self);
  return lineage;
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

bool IsCopyOf(const GenerationRecord& record, SourceFile& file) {
  return BeginsWith(file, record.head) &&
         (record.tail.size == 0 ||
          Matches(record.tail, file.Peek(record.tail_at - record.tail.size, record.tail.size)));
}

bool BeginsWith(SourceFile& file, const Fingerprint& head) {
  return head.size > 0 && Matches(head, file.Peek(0, head.size));
}

Lineage FindLineage(const GenerationRecord& last, const std::optional<FileId>& current) {
  // Somebody may be renaming one after the other at this moment.
  for (int i = 0; i < kLooks; ++i) {
    if (auto lineage = TryFindLineage(last, current)) return std::move(*lineage);
  }
  LogWarn("rotated files change their names all the time; what is missing may be among them",
          {{"path", last.real}});
  return {};
}

}  // namespace tailrace::tail
