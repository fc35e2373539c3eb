// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lines of container log files as the kubelet's runtimes (containerd, CRI-O) write them:
//
//   2024-01-15T10:30:00.123456789Z stdout F the message
//
// Source: kubernetes/design-proposals-archive, node/kubelet-cri-logging.md. The tag field is `F`
// for the last piece of a line and `P` for a piece that another one follows; further tags after a
// colon are kept. Splitting allocates nothing.

#include <cstdint>
#include <cstring>
#include <string_view>

#include "tailrace/time.h"

namespace tailrace::parser {

struct CriLine {
  std::string_view time;
  std::string_view stream;
  std::string_view tag;  // "F", "P", "F:more"
  std::string_view text;

  bool partial() const {
    return !tag.empty() && tag.front() == 'P' && (tag.size() == 1 || tag[1] == ':');
  }
};

// Which of a container's two streams.
enum class ContainerStream : uint8_t { kStdout, kStderr, kOther };
inline ContainerStream StreamOf(std::string_view name) {
  if (name == "stdout") return ContainerStream::kStdout;
  return name == "stderr" ? ContainerStream::kStderr : ContainerStream::kOther;
}

// Any line of four parts: blanks may be doubled between the first three, as Ruby's split has it,
// and the text begins right after the blank that follows the tag. False if there are not four.
bool SplitCriLineSlowly(std::string_view line, CriLine* out);

// The same; runtimes' own layouts are recognised by position. At least 64 bytes behind `line` are
// readable.
inline bool SplitCriLine(std::string_view line, CriLine* out) {
  // 30 characters of time with nanoseconds in UTC, or 35 with another zone, then a stream of six
  // letters and a tag of one. Whatever else may be within these bytes goes the slow way.
  constexpr size_t kUtc = 30;
  constexpr size_t kZone = 35;
  const char* const p = line.data();
  const size_t time = p[kUtc] == ' ' ? kUtc : kZone;
  if (line.size() < time + 10 || p[time] != ' ' || p[time + 8] <= ' ' || p[time + 9] != ' ' ||
      (std::memcmp(p + time + 1, "stdout ", 7) != 0 &&
       std::memcmp(p + time + 1, "stderr ", 7) != 0)) {
    return SplitCriLineSlowly(line, out);
  }
  bool blank = false;
  for (size_t i = 0; i < kUtc; ++i) blank |= p[i] <= ' ';
  for (size_t i = kUtc; i < time; ++i) blank |= p[i] <= ' ';
  if (blank) return SplitCriLineSlowly(line, out);
  out->time = line.substr(0, time);
  out->stream = line.substr(time + 1, 6);
  out->tag = line.substr(time + 8, 1);
  out->text = line.substr(time + 10);
  return true;
}

// Times as container runtimes write them (RFC 3339, any number of digits or none). Keeps the minute
// that was read last, so that most times cost a comparison and the digits behind it.
class ContainerTime {
 public:
  // At least 64 bytes behind `text` are readable.
  bool Parse(std::string_view text, EventTime* time) {
    // "2024-01-15T10:30:" and what follows the nanoseconds.
    if (text.size() == size_ && std::memcmp(text.data(), text_, kMinute) == 0 &&
        std::memcmp(text.data() + kFraction + 9, text_ + kFraction + 9, size_ - kFraction - 9) ==
            0 &&
        text[kFraction - 1] == '.') {
      uint32_t nanoseconds = 0;
      uint32_t bad = 0;
      for (size_t i = 0; i < 9; ++i) {
        const auto digit = static_cast<uint32_t>(text[kFraction + i] - '0');
        bad |= static_cast<uint32_t>(digit > 9);
        nanoseconds = nanoseconds * 10 + digit;
      }
      const auto tens = static_cast<uint32_t>(text[kMinute] - '0');
      const auto ones = static_cast<uint32_t>(text[kMinute + 1] - '0');
      if (bad == 0 && tens <= 5 && ones <= 9) {
        time->sec = minute_ + tens * 10 + ones;
        time->nsec = static_cast<int32_t>(nanoseconds);
        return true;
      }
    }
    return ParseAnew(text, time);
  }

 private:
  static constexpr size_t kMinute = 17;    // bytes up to the seconds
  static constexpr size_t kFraction = 20;  // where nine digits begin
  static constexpr size_t kMax = 36;

  bool ParseAnew(std::string_view text, EventTime* time);

  char text_[kMax] = {};
  size_t size_ = SIZE_MAX;
  int64_t minute_ = 0;
};

}  // namespace tailrace::parser
