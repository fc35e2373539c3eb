// SPDX-License-Identifier: Apache-2.0
// The floor: the least work that any correct agent must do to turn container log files into bulk
// requests. It reads the files, finds the lines, splits the CRI head, joins pieces, validates the
// message completely as JSON (simdjson DOM), and copies it out with an id, the time and the
// Kubernetes metadata. No configuration, no routing, no buffers, no positions, no retries.
//
//   tailrace_floor [--format cri|traces|nginx|nginx-regex] [--metadata] [--send URL | --no-send]
//                  [--gzip] [--read-bytes N] [--chunk-bytes N] FILE...
//
// traces joins the lines of stack traces; nginx takes access log lines apart, by hand or by
// Fluentd's pattern in PCRE2.
//
// Prints one JSON object: what was read and written, wall and CPU seconds (user + system of this
// process), and MB (10^6 bytes of input) per CPU second.

#include <simdjson.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bulk_sender.h"
#include "cri_reader.h"
#include "message_handlers.h"
#include "render.h"

namespace {

using tailrace::bench::BulkBody;
using tailrace::bench::BulkSender;
using tailrace::bench::CriMessage;
using tailrace::bench::CriReader;
using tailrace::bench::FileIdentity;
using tailrace::bench::Framing;
using tailrace::bench::Gzip;
using tailrace::bench::JsonHandler;
using tailrace::bench::NginxHandler;
using tailrace::bench::ReadTotals;
using tailrace::bench::TraceHandler;

// What a metadata filter adds to each document, about 250 bytes.
constexpr char kMetadata[] =
    R"("kubernetes":{"namespace":"echo-prod","pod_name":"echo-api-7d8f9b6c5d-x2vzq",)"
    R"("container_name":"api","pod_id":"6f1b7c1e-5d0f-4b57-9d4b-0d5a3c1f2e77","host":"node-17",)"
    R"("labels":{"app":"echo-api","tier":"backend","version":"v2.14.3","team":"realtime"}})";

enum class Format { kCri, kTraces, kNginx, kNginxRegex };

struct Options {
  Format format = Format::kCri;
  std::vector<std::string> files;
  std::string url;
  bool metadata = false;
  bool gzip = false;
  std::size_t read_bytes = 256 << 10;
  std::size_t chunk_bytes = 1 << 20;
};

[[noreturn]] void Usage() {
  std::fprintf(stderr,
               "usage: tailrace_floor [--format cri|traces|nginx|nginx-regex] [--metadata]\n"
               "         [--send URL | --no-send] [--gzip] [--read-bytes N] [--chunk-bytes N]\n"
               "         FILE...\n");
  std::exit(2);
}

Format ParseFormat(const std::string& text) {
  if (text == "cri") return Format::kCri;
  if (text == "traces") return Format::kTraces;
  if (text == "nginx") return Format::kNginx;
  if (text == "nginx-regex") return Format::kNginxRegex;
  Usage();
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  const auto value = [&](int& i) -> std::string {
    if (++i >= argc) Usage();
    return argv[i];
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--format")
      options.format = ParseFormat(value(i));
    else if (arg == "--metadata")
      options.metadata = true;
    else if (arg == "--gzip")
      options.gzip = true;
    else if (arg == "--no-send")
      options.url.clear();
    else if (arg == "--send")
      options.url = value(i);
    else if (arg == "--read-bytes")
      options.read_bytes = std::stoul(value(i));
    else if (arg == "--chunk-bytes")
      options.chunk_bytes = std::stoul(value(i));
    else if (arg.substr(0, 1) == "-")
      Usage();
    else
      options.files.emplace_back(arg);
  }
  if (options.files.empty() || options.read_bytes == 0) Usage();
  return options;
}

// Where finished bodies go: a server, a compressor only, or nowhere.
class Destination {
 public:
  explicit Destination(const Options& options) {
    if (!options.url.empty()) {
      sender_ = std::make_unique<BulkSender>(options.url, options.gzip);
    } else if (options.gzip) {
      gzip_.emplace();
    }
  }
  void Take(BulkBody& body) {
    body_bytes_ += body.bytes().size();
    if (sender_) {
      sender_->Send(body.bytes());
    } else if (gzip_) {
      compressed_ += gzip_->Compress(body.bytes()).size();
    }
    body.Clear();
  }
  std::uint64_t body_bytes() const { return body_bytes_; }
  std::uint64_t wire_bytes() const { return sender_ ? sender_->wire_bytes() : compressed_; }

 private:
  std::unique_ptr<BulkSender> sender_;
  std::optional<Gzip> gzip_;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t compressed_ = 0;
};

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <typename Handler>
int Run(const Options& options, BulkBody& body, Handler&& handler) {
  const auto wall_start = std::chrono::steady_clock::now();
  const double cpu_start = CpuSeconds();
  const bool plain = options.format == Format::kNginx || options.format == Format::kNginxRegex;
  CriReader reader(plain ? Framing::kPlain : Framing::kCri, options.read_bytes);
  Destination destination(options);
  ReadTotals totals;
  for (const std::string& file : options.files) {
    FileIdentity last;
    const bool ok = reader.ReadFile(file.c_str(), totals,
                                    [&](const FileIdentity& identity, const CriMessage& message) {
                                      last = identity;
                                      handler(identity, message);
                                      if (body.bytes().size() >= options.chunk_bytes) {
                                        destination.Take(body);
                                      }
                                    });
    if (!ok) {
      std::fprintf(stderr, "cannot read %s: %s\n", file.c_str(), std::strerror(errno));
      return 3;
    }
    handler.EndFile(last);
  }
  if (!body.bytes().empty()) destination.Take(body);
  const double cpu = CpuSeconds() - cpu_start;
  const double wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_start).count();
  const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf(
      "{\"bytes\":%llu,\"lines\":%llu,\"docs\":%llu,\"text\":%llu,\"malformed\":%llu,"
      "\"body_bytes\":%llu,\"wire_bytes\":%llu,\"wall_s\":%.4f,\"cpu_s\":%.4f,"
      "\"mb_per_cpu_s\":%.1f,\"mb_per_s\":%.1f,\"simd\":\"%s\"}\n",
      number(totals.bytes), number(totals.lines), number(body.documents()),
      number(body.text_documents()), number(totals.malformed), number(destination.body_bytes()),
      number(destination.wire_bytes()), wall, cpu, static_cast<double>(totals.bytes) / 1e6 / cpu,
      static_cast<double>(totals.bytes) / 1e6 / wall,
      simdjson::get_active_implementation()->name().c_str());
  return 0;
}

int RunFormat(const Options& options) {
  BulkBody body("bench", options.metadata ? kMetadata : "");
  switch (options.format) {
    case Format::kTraces:
      return Run(options, body, TraceHandler(body));
    case Format::kNginx:
    case Format::kNginxRegex:
      return Run(options, body, NginxHandler(body, options.format == Format::kNginxRegex));
    case Format::kCri:
      break;
  }
  return Run(options, body, JsonHandler(body));
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  try {
    return RunFormat(options);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tailrace_floor: %s\n", e.what());
    return 3;
  }
}
