// SPDX-License-Identifier: Apache-2.0
#include "input/tail/state_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "input/tail/whole_file.h"

namespace tailrace::tail {
namespace {

constexpr std::string_view kFirstLine = "tailrace tail state 1";
constexpr uint64_t kRewriteBytes = 256 << 10;
constexpr std::string_view kStates = "codx";  // current, older, done, removed

void AppendHex(std::string& text, uint64_t number) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  text.append(digits, end);
  text += '\t';
}

// Tabs, newlines and percent signs as %09, %0A and %25.
void AppendEscaped(std::string& text, std::string_view raw) {
  for (const char c : raw) {
    switch (c) {
      case '\t':
        text += "%09";
        break;
      case '\n':
        text += "%0A";
        break;
      case '%':
        text += "%25";
        break;
      default:
        text += c;
    }
  }
  text += '\t';
}

std::string Unescaped(std::string_view text) {
  std::string raw;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16).ec == std::errc()) {
      raw += static_cast<char>(code);
      i += 2;
    } else {
      raw += text[i];
    }
  }
  return raw;
}

std::string FormatAs(const GenerationRecord& record, char state) {
  std::string line(1, state);
  line += '\t';
  AppendHex(line, record.key.inode);
  AppendHex(line, record.key.counter);
  AppendHex(line, record.device);
  AppendHex(line, static_cast<uint64_t>(record.birth));
  AppendHex(line, record.head.size);
  AppendHex(line, record.head.hash);
  AppendHex(line, record.tail_at);
  AppendHex(line, record.tail.size);
  AppendHex(line, record.tail.hash);
  AppendHex(line, record.position);
  AppendHex(line, record.size);
  AppendHex(line, static_cast<uint64_t>(record.mtime));
  AppendHex(line, record.sequence);
  AppendEscaped(line, record.identity);
  AppendEscaped(line, record.path);
  AppendEscaped(line, record.real);
  AppendHex(line, FingerprintOf(line).hash);
  line.back() = '\n';
  return line;
}

// Takes the next tab-separated field.
class Fields {
 public:
  explicit Fields(std::string_view line) : rest_(line) {}

  std::string_view Text() {
    const size_t end = rest_.find('\t');
    const std::string_view field = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return field;
  }
  template <typename Number>
  void Hex(Number& number) {
    const std::string_view field = Text();
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value, 16);
    good_ = good_ && error == std::errc() && end == field.data() + field.size();
    number = static_cast<Number>(value);
  }
  bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string StateFile::Format(const GenerationRecord& record) {
  return FormatAs(record, kStates[static_cast<size_t>(record.state)]);
}

bool StateFile::Parse(std::string_view line, GenerationRecord& record, bool* removed) {
  const size_t sum_at = line.rfind('\t');
  if (sum_at == std::string_view::npos) return false;
  uint64_t sum = 0;
  Fields last(line.substr(sum_at + 1));
  last.Hex(sum);
  if (!last.good() || FingerprintOf(line.substr(0, sum_at + 1)).hash != sum) return false;

  Fields fields(line);
  const std::string_view state = fields.Text();
  const size_t kind = state.size() == 1 ? kStates.find(state[0]) : std::string_view::npos;
  if (kind == std::string_view::npos) return false;
  *removed = kStates[kind] == 'x';
  record.state =
      *removed ? GenerationRecord::State::kDone : static_cast<GenerationRecord::State>(kind);
  fields.Hex(record.key.inode);
  fields.Hex(record.key.counter);
  fields.Hex(record.device);
  fields.Hex(record.birth);
  fields.Hex(record.head.size);
  fields.Hex(record.head.hash);
  fields.Hex(record.tail_at);
  fields.Hex(record.tail.size);
  fields.Hex(record.tail.hash);
  fields.Hex(record.position);
  fields.Hex(record.size);
  fields.Hex(record.mtime);
  fields.Hex(record.sequence);
  record.identity = Unescaped(fields.Text());
  record.path = Unescaped(fields.Text());
  record.real = Unescaped(fields.Text());
  return fields.good();
}

StateFile::~StateFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status StateFile::Open() {
  if (path_.empty()) return {};
  const auto text = ReadWholeFile(path_);
  if (!text) return tl::unexpected<Error>(text.error());
  found_ = !text->empty();
  std::string_view rest = *text;
  bool first = true;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (std::exchange(first, false) && line == kFirstLine) continue;
    GenerationRecord record;
    bool removed = false;
    if (!Parse(line, record, &removed)) {
      ++bad_lines_;
    } else if (removed) {
      records_.erase(record.key);
    } else {
      records_[record.key] = std::move(record);
    }
  }
  return Rewrite();
}

void StateFile::Put(const GenerationRecord& record) {
  const auto [place, added] = records_.try_emplace(record.key, record);
  if (!added) {
    if (place->second == record) return;
    place->second = record;
  }
  if (!path_.empty()) changes_ += Format(record);
}

void StateFile::Remove(const GenerationKey& key) {
  const auto found = records_.find(key);
  if (found == records_.end()) return;
  if (!path_.empty()) changes_ += FormatAs(found->second, 'x');
  records_.erase(found);
}

Status StateFile::Flush() {
  if (path_.empty()) return {};
  if (broken_ || (size_ > kRewriteBytes && size_ > 4 * live_size_)) return Rewrite();
  if (changes_.empty()) return {};
  if (auto written = WriteAt(fd_, path_, size_, changes_); !written) {
    broken_ = true;
    return written;
  }
  size_ += changes_.size();
  changes_.clear();
  return {};
}

Status StateFile::Rewrite() {
  std::string text(kFirstLine);
  text += '\n';
  for (const auto& [key, record] : records_) text += Format(record);
  broken_ = true;
  if (auto written = ReplaceFile(path_, text); !written) return written;
  const int fd = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return Fail(FileProblem("open", path_, errno));
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  size_ = live_size_ = text.size();
  changes_.clear();
  broken_ = false;
  return {};
}

}  // namespace tailrace::tail
