// SPDX-License-Identifier: Apache-2.0
// <match> @type file: files by time slice (https://docs.fluentd.org/output/file).

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "buffer/chunk_keys.h"
#include "buffer/params.h"
#include "config/problems.h"
#include "event/formatter_encoder.h"
#include "net/gzip.h"
#include "net/zstd.h"
#include "tailrace/buffered_params.h"
#include "tailrace/define_plugin.h"
#include "text/placeholders.h"

namespace tailrace {
namespace {

enum class FileCompress : uint8_t { kText, kGzip, kZstd };
EnumNames ParamNames(FileCompress) {
  return {{"text", int(FileCompress::kText)},
          {"gz", int(FileCompress::kGzip)},
          {"gzip", int(FileCompress::kGzip)},
          {"zstd", int(FileCompress::kZstd)}};
}

struct FileParams : BufferedParams {
  std::string path;
  bool add_path_suffix = true;
  std::string path_suffix = ".log";
  bool append = false;
  FileCompress compress = FileCompress::kText;
  bool recompress = false;
  std::optional<std::string> symlink_path;
  bool symlink_path_use_relative = false;
  std::vector<RawSection> format;
  std::vector<RawSection> inject;

  static const Schema<FileParams>& schema() {
    using P = FileParams;
    static const auto s =
        Schema<P>()
            .Inherit<BufferedParams>()
            .Param("path", &P::path, "Where to write; * stands for the time slice.",
                   {.required = true})
            .Param("add_path_suffix", &P::add_path_suffix, "Adds path_suffix.")
            .Param("path_suffix", &P::path_suffix, "How names end.")
            .Param("append", &P::append, "Appends to one file per slice instead of numbering them.")
            .Param("compress", &P::compress, "How files are compressed.")
            .Param("recompress", &P::recompress, "Accepted: chunks are not compressed before.")
            .Param("symlink_path", &P::symlink_path, "A link to the file written last.")
            .Param("symlink_path_use_relative", &P::symlink_path_use_relative,
                   "The link's target is relative.")
            .RawSection("format", &P::format, "How events are written.")
            .RawSection("inject", &P::inject, "What is added to them.");
    return s;
  }
};

std::string SliceFormat(double timekey) {
  if (timekey <= 0) return "%Y%m%d";
  if (timekey < 60) return "%Y%m%d%H%M%S";
  if (timekey < 3600) return "%Y%m%d%H%M";
  if (timekey < 86400) return "%Y%m%d%H";
  return "%Y%m%d";
}

constexpr std::string_view kIndex = "_**";

// Fluentd's rule for names: a * is replaced by slice and number; otherwise they are added, the
// slice only where the path names no time itself.
std::string PathTemplate(const FileParams& params, double timekey) {
  const std::string index(params.append ? "" : kIndex);
  const std::string slice = SliceFormat(timekey);
  std::string path = params.path;
  if (const size_t star = path.find('*'); star != std::string::npos) {
    path.replace(star, 1, slice + index);
  } else {
    if (path.find('%') == std::string::npos) path += "." + slice;
    path += index;
    if (params.add_path_suffix) path += params.path_suffix;
  }
  if (params.compress == FileCompress::kGzip) path += ".gz";
  if (params.compress == FileCompress::kZstd) path += ".zst";
  return path;
}

std::string Failure(const std::string& what, const std::string& path) {
  return "cannot " + what + " " + path + ": " + std::strerror(errno);
}

class FileSender final : public Sender {
 public:
  FileSender(const FileParams& params, text::Placeholders path)
      : params_(params), path_(std::move(path)), gzip_(net::CompressionLevel::kDefault) {}

  Delivery Deliver(const Chunk& chunk) override {
    const std::string path = path_.Expand(chunk);
    if (path.find("/../") != std::string::npos || path.ends_with("/..")) {
      Delivery refused;
      refused.code = Delivery::Code::kReject;
      refused.why = "the path " + path + " leads out of its directory";
      return refused;
    }
    std::string_view body = chunk.body.view();
    if (params_.compress != FileCompress::kText) {
      packed_.Clear();
      const Status status = params_.compress == FileCompress::kGzip ? gzip_.Compress(body, packed_)
                                                                    : zstd_.Compress(body, packed_);
      if (!status) return Retry(status.error().message);
      body = packed_.view();
    }
    return Write(path, body);
  }

 private:
  static Delivery Retry(std::string why) {
    Delivery delivery;
    delivery.code = Delivery::Code::kRetry;
    delivery.why = std::move(why);
    return delivery;
  }

  Delivery Write(const std::string& path, std::string_view body) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    std::string opened;
    const int fd = Open(path, &opened);
    if (fd < 0) return Retry(Failure("open", opened));
    struct stat before {};
    fstat(fd, &before);
    const bool written = WriteAll(fd, body);
    Delivery delivery;
    if (!written) {
      delivery = Retry(Failure("write", opened));
      // What was written in part is taken back, so that a retry makes no half event.
      if (ftruncate(fd, before.st_size) != 0) delivery.why += "; " + Failure("truncate", opened);
    }
    close(fd);
    if (written && params_.symlink_path) Link(opened);
    return delivery;
  }

  int Open(const std::string& path, std::string* opened) const {
    *opened = path;
    const size_t star = path.rfind(kIndex);
    if (params_.append || star == std::string::npos) {
      return open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    }
    // Numbers grow; a file that is there is never written to.
    for (int index = 0;; ++index) {
      *opened = path;
      opened->replace(star, kIndex.size(), "_" + std::to_string(index));
      const int fd = open(opened->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
      if (fd >= 0 || errno != EEXIST) return fd;
    }
  }

  static bool WriteAll(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(fd, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
  }

  void Link(const std::string& target) const {
    std::error_code error;
    const std::string& link = *params_.symlink_path;
    std::string to = target;
    if (params_.symlink_path_use_relative) {
      to = std::filesystem::relative(target, std::filesystem::path(link).parent_path(), error);
    }
    const std::string fresh = link + ".new";
    std::filesystem::remove(fresh, error);
    std::filesystem::create_symlink(to, fresh, error);
    std::filesystem::rename(fresh, link, error);
  }

  const FileParams& params_;
  text::Placeholders path_;
  net::GzipCompressor gzip_;
  net::ZstdCompressor zstd_;
  ByteBuffer packed_;
};

class FileOutput final : public BufferedOutput {
 public:
  using Params = FileParams;

  FileOutput(Params params, PluginEnv& env) : params_(std::move(params)) {
    config::Problems reported;  // when the buffer itself is made
    LoadContext quiet{reported};
    const buffer::BufferOptions options =
        buffer::ResolveBuffer(env.element(), buffer_defaults(), quiet);
    const buffer::ChunkKeys keys(options);
    const std::string path = PathTemplate(params_, options.timekey);
    path_ = text::Placeholders::Compile(path, keys.set());
    for (const std::string& problem : text::ValidatePlaceholders("path", path, keys.set())) {
      env.Problem(env.element(), "path", problem);
    }
  }

  std::unique_ptr<Encoder> NewEncoder(PluginEnv& env) override {
    return FormatterEncoder::Create(env, "out_file");
  }
  std::unique_ptr<Sender> NewSender() override {
    return std::make_unique<FileSender>(params_, path_);
  }
  BufferDefaults buffer_defaults() const override {
    BufferDefaults defaults;
    defaults.chunk_keys = {"time"};
    defaults.timekey = 86400;
    return defaults;
  }

 private:
  Params params_;
  text::Placeholders path_;
};

}  // namespace

PluginEntry FileOutputPlugin() {
  return DefinePlugin<FileOutput>(PluginKind::kOutput, "file", "Writes events to files.");
}

}  // namespace tailrace
