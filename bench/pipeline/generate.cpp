// SPDX-License-Identifier: Apache-2.0
// Writes the logs that the benchmarks read: a folder shaped like a node's /var/log, the pods for
// it, and manifest.json saying how many lines, events and bytes each file got.
//
//   tailrace_generate --out DIR [--kind app|nginx|stack|wide] [--files N] [--seed N] [--bytes SIZE]
//       writes SIZE bytes in all, at once, with times that depend on the seed alone
//   tailrace_generate --out DIR --rate SIZE --duration SECONDS [--active N] [--quiet-lines N]
//                     [--rotate SIZE] [--delay SECONDS] ...
//       creates the folder, waits DELAY, then writes SIZE bytes a second, line by line as a
//       container runtime does, to the first N files; the others keep QUIET-LINES lines. With
//       --rotate a file that has grown to SIZE is renamed and created anew, as the kubelet does.
//       manifest.json appears when all is written.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "log_lines.h"
#include "node_layout.h"

namespace {

using tailrace::bench::Kind;
using tailrace::bench::LogFile;
using tailrace::bench::LogSource;
using tailrace::bench::SourceTotals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::int64_t kFirstTimeNs = 1'705'312'800'000'000'000;  // 2024-01-15T10:00:00Z
constexpr std::int64_t kStepNs = 1'234'567;                       // between events of a backlog

struct Options {
  std::string out;
  Kind kind = Kind::kApp;
  std::uint32_t files = 8;
  std::uint64_t seed = 1;
  std::uint64_t bytes = 100'000'000;
  std::uint64_t rate = 0;
  double duration_s = 10;
  double delay_s = 0;
  std::uint32_t active = 0;
  std::uint32_t quiet_lines = 0;
  std::uint64_t rotate_bytes = 0;
};

[[noreturn]] void Usage() {
  std::fprintf(
      stderr,
      "usage: tailrace_generate --out DIR [--kind app|nginx|stack|wide] [--files N] [--seed N]\n"
      "         [--bytes SIZE | --rate SIZE --duration SECONDS [--delay SECONDS]\n"
      "          [--active N] [--quiet-lines N] [--rotate SIZE]]\n"
      "SIZE is in bytes, or with kB, MB, GB (powers of ten)\n");
  std::exit(2);
}

std::uint64_t ParseSize(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  const double scale = unit.empty() || unit == "B" ? 1
                       : unit == "kB"              ? 1e3
                       : unit == "MB"              ? 1e6
                       : unit == "GB"              ? 1e9
                                                   : 0;
  if (end == text.c_str() || scale == 0 || number < 0) Usage();
  return static_cast<std::uint64_t>(number * scale);
}

Kind ParseKind(const std::string& text) {
  if (text == "app") return Kind::kApp;
  if (text == "nginx") return Kind::kNginx;
  if (text == "stack") return Kind::kStack;
  if (text == "wide") return Kind::kWide;
  Usage();
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 >= argc) Usage();
    const std::string value = argv[i + 1];
    if (name == "--out")
      options.out = value;
    else if (name == "--kind")
      options.kind = ParseKind(value);
    else if (name == "--files")
      options.files = static_cast<std::uint32_t>(ParseSize(value));
    else if (name == "--seed")
      options.seed = ParseSize(value);
    else if (name == "--bytes")
      options.bytes = ParseSize(value);
    else if (name == "--rate")
      options.rate = ParseSize(value);
    else if (name == "--duration")
      options.duration_s = std::strtod(value.c_str(), nullptr);
    else if (name == "--delay")
      options.delay_s = std::strtod(value.c_str(), nullptr);
    else if (name == "--active")
      options.active = static_cast<std::uint32_t>(ParseSize(value));
    else if (name == "--quiet-lines")
      options.quiet_lines = static_cast<std::uint32_t>(ParseSize(value));
    else if (name == "--rotate")
      options.rotate_bytes = ParseSize(value);
    else
      Usage();
  }
  if (options.out.empty() || options.files == 0) Usage();
  if (options.active == 0 || options.active > options.files) options.active = options.files;
  return options;
}

// One file being appended to, rotated as the kubelet rotates.
class Appender {
 public:
  Appender(const LogFile& file, Kind kind, std::uint32_t number, std::uint64_t seed)
      : path_(file.path), source_(kind, number, seed) {}
  Appender(Appender&& other) noexcept
      : path_(std::move(other.path_)),
        source_(std::move(other.source_)),
        fd_(std::exchange(other.fd_, -1)),
        size_(other.size_),
        generation_(other.generation_) {}
  ~Appender() { Close(); }

  LogSource& source() { return source_; }

  void Write(const std::string& text) {
    if (fd_ < 0) Open();
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t wrote = ::write(fd_, text.data() + done, text.size() - done);
      if (wrote < 0 && errno != EINTR)
        throw std::runtime_error("write " + path_ + ": " + std::strerror(errno));
      if (wrote > 0) done += static_cast<std::size_t>(wrote);
    }
    size_ += text.size();
  }

  // Line by line, each in its own write(2).
  void WriteLines(const std::string& text) {
    std::size_t begin = 0;
    while (begin < text.size()) {
      const std::size_t end = text.find('\n', begin) + 1;
      Write(text.substr(begin, end - begin));
      begin = end;
    }
  }

  void RotateAt(std::uint64_t bytes) {
    if (bytes == 0 || size_ < bytes) return;
    char suffix[32];
    std::snprintf(suffix, sizeof suffix, ".20240115-%06u", ++generation_);
    std::filesystem::rename(path_, path_ + suffix);
    Close();
    Open();
  }

  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  void Open() {
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd_ < 0) throw std::runtime_error("open " + path_ + ": " + std::strerror(errno));
    size_ = 0;
  }

  std::string path_;
  LogSource source_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  unsigned generation_ = 0;
};

void WriteBacklog(const Options& options, std::vector<Appender>& appenders) {
  const std::uint64_t per_file = options.bytes / appenders.size();
  std::string text;
  for (Appender& appender : appenders) {
    std::int64_t time_ns = kFirstTimeNs;
    while (appender.source().totals().bytes < per_file) {
      appender.source().AppendEvent(text, time_ns, false);
      time_ns += kStepNs;
      if (text.size() > (1 << 20)) {
        appender.Write(text);
        text.clear();
      }
    }
    appender.Write(text);
    text.clear();
    appender.Close();
  }
}

void WriteAtRate(const Options& options, std::vector<Appender>& appenders) {
  std::string text;
  for (std::size_t i = options.active; i < appenders.size(); ++i) {
    for (std::uint32_t line = 0; line < options.quiet_lines; ++line) {
      appenders[i].source().AppendEvent(text, kFirstTimeNs + line * kStepNs, false);
    }
    if (!text.empty()) appenders[i].Write(text);
    appenders[i].Close();
    text.clear();
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(options.delay_s));
  const auto start = SteadyClock::now();
  std::uint64_t written = 0;
  std::size_t next = 0;
  for (;;) {
    const double elapsed = std::chrono::duration<double>(SteadyClock::now() - start).count();
    if (elapsed >= options.duration_s) return;
    const auto due = static_cast<std::uint64_t>(elapsed * static_cast<double>(options.rate));
    while (written < due) {
      Appender& appender = appenders[next];
      next = (next + 1) % options.active;
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      text.clear();
      appender.source().AppendEvent(
          text, std::chrono::duration_cast<std::chrono::nanoseconds>(now).count(), true);
      appender.WriteLines(text);
      appender.RotateAt(options.rotate_bytes);
      written += text.size();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::string Counts(const SourceTotals& totals) {
  return "\"lines\":" + std::to_string(totals.lines) +
         ",\"events\":" + std::to_string(totals.events) +
         ",\"bytes\":" + std::to_string(totals.bytes);
}

std::string Manifest(const Options& options, const std::vector<LogFile>& files,
                     std::vector<Appender>& appenders) {
  SourceTotals sum;
  std::string list;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const SourceTotals& totals = appenders[i].source().totals();
    sum.lines += totals.lines;
    sum.events += totals.events;
    sum.bytes += totals.bytes;
    list += (i == 0 ? "" : ",\n") + std::string("{\"source\":\"") + appenders[i].source().name() +
            "\",\"path\":\"" + files[i].path + "\",\"namespace\":\"" + files[i].name_space +
            "\",\"pod\":\"" + files[i].pod + "\",\"container\":\"" + files[i].container + "\"," +
            Counts(totals) + "}";
  }
  return "{\"seed\":" + std::to_string(options.seed) + ",\"total\":{" + Counts(sum) +
         "},\"files\":[\n" + list + "\n]}\n";
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  try {
    const std::vector<LogFile> files =
        tailrace::bench::MakeNode(options.out, options.kind, options.files, options.seed);
    std::vector<Appender> appenders;
    appenders.reserve(files.size());
    for (std::uint32_t i = 0; i < files.size(); ++i) {
      appenders.emplace_back(files[i], options.kind, i, options.seed);
    }
    if (options.rate > 0) {
      WriteAtRate(options, appenders);
    } else {
      WriteBacklog(options, appenders);
    }
    const std::string manifest = Manifest(options, files, appenders);
    tailrace::bench::WriteFileAtOnce(options.out + "/manifest.json", manifest);
    std::fwrite(manifest.data(), 1, manifest.find(",\"files\""), stdout);
    std::puts("}");
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tailrace_generate: %s\n", e.what());
    return 3;
  }
}
