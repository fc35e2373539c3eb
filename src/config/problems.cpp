// SPDX-License-Identifier: Apache-2.0
#include "config/problems.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace tailrace::config {
namespace {

constexpr size_t kMaxShownLine = 160;

// Edit distance that counts a swap of neighbours as one edit.
size_t EditDistance(std::string_view a, std::string_view b) {
  const size_t width = b.size() + 1;
  std::vector<size_t> table((a.size() + 1) * width);
  auto at = [&](size_t i, size_t j) -> size_t& { return table[i * width + j]; };
  for (size_t i = 0; i <= a.size(); ++i) at(i, 0) = i;
  for (size_t j = 0; j <= b.size(); ++j) at(0, j) = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = at(i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1);
      size_t best = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = std::min(best, at(i - 2, j - 2) + 1);
      }
      at(i, j) = best;
    }
  }
  return at(a.size(), b.size());
}

// Hides the value when the line sets a parameter that is secret.
std::string MaskLine(std::string_view line) {
  const size_t key_begin = line.find_first_not_of(" \t-");
  if (key_begin == std::string_view::npos) return std::string(line);
  const size_t key_end = line.find_first_of(" \t:", key_begin);
  if (key_end == std::string_view::npos) return std::string(line);
  if (!LooksSecret(line.substr(key_begin, key_end - key_begin))) return std::string(line);
  const size_t value = line.find_first_not_of(" \t:", key_end);
  if (value == std::string_view::npos) return std::string(line);
  return std::string(line.substr(0, value)) + "xxxxxx";
}

std::string_view LineOf(const Location& location) {
  std::string_view text = location.file->text;
  for (uint32_t line = 1; line < location.line; ++line) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

void AppendSource(const Location& location, std::string* out) {
  if (!location.file || location.line == 0) return;
  std::string line = MaskLine(LineOf(location));
  if (line.size() > kMaxShownLine) line = line.substr(0, kMaxShownLine) + "...";
  if (line.find_first_not_of(" \t") == std::string::npos) return;
  out->append("    ").append(line).append("\n");
  if (location.column == 0 || location.column > line.size() + 1) return;
  out->append("    ");
  for (size_t i = 0; i + 1 < location.column; ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    if (byte == '\t') {
      out->push_back('\t');
    } else if ((byte & 0xC0) != 0x80) {  // one blank a character, not a byte
      out->push_back(' ');
    }
  }
  out->append("^\n");
}

}  // namespace

size_t Problems::errors_in(const std::vector<Problem>& list) {
  return static_cast<size_t>(std::count_if(
      list.begin(), list.end(), [](const Problem& p) { return p.severity == Severity::kError; }));
}

void Problems::Error(const Location& location, std::string message, std::string suggestion) {
  list_.push_back({Severity::kError, location, std::move(message), std::move(suggestion)});
}

void Problems::Warning(const Location& location, std::string message, std::string suggestion) {
  list_.push_back({Severity::kWarning, location, std::move(message), std::move(suggestion)});
}

std::string Format(const Problem& problem) {
  std::string out;
  const Location& location = problem.location;
  if (location.file) {
    out = location.file->name;
    if (location.line != 0) {
      out += ":" + std::to_string(location.line) + ":" + std::to_string(location.column);
    }
    out += ": ";
  }
  out += problem.severity == Severity::kError ? "error: " : "warning: ";
  out += problem.message;
  if (!problem.suggestion.empty()) out += "; " + problem.suggestion;
  out += "\n";
  AppendSource(location, &out);
  return out;
}

std::string Format(const Problems& problems) {
  std::vector<const Problem*> sorted;
  std::vector<const SourceFile*> files;
  auto rank = [&](const Problem& p) {
    return std::find(files.begin(), files.end(), p.location.file.get()) - files.begin();
  };
  for (const auto& problem : problems.list()) {
    sorted.push_back(&problem);
    if (rank(problem) == std::ssize(files)) files.push_back(problem.location.file.get());
  }
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Problem* a, const Problem* b) {
    if (rank(*a) != rank(*b)) return rank(*a) < rank(*b);
    return a->location.line < b->location.line;
  });
  std::string out;
  for (const Problem* problem : sorted) out += Format(*problem);
  return out;
}

std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr size_t kMaxWord = 128;
  if (word.size() > kMaxWord) return {};
  std::string_view nearest;
  size_t best = std::max<size_t>(1, std::min<size_t>(3, (word.size() + 2) / 3)) + 1;
  for (std::string_view candidate : candidates) {
    if (candidate.size() > kMaxWord) continue;
    const size_t distance = EditDistance(word, candidate);
    if (distance < best && distance < candidate.size()) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

bool LooksSecret(std::string_view parameter) {
  static constexpr std::array<std::string_view, 10> kMarks = {
      "password", "passwd",     "passphrase",  "shared_key", "secret",
      "api_key",  "auth_token", "token_value", "cloud_auth", "access_key"};
  std::string lower(parameter);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return lower.find(mark) != std::string::npos; });
}

}  // namespace tailrace::config
