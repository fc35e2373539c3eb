// SPDX-License-Identifier: Apache-2.0
#include "output/elasticsearch/file_sender.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace tailrace::elasticsearch {
namespace {

bool WriteWhole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

FileSender::FileSender(std::string directory, net::CompressionLevel compression)
    : directory_(std::move(directory)), compression_(compression), compressor_(compression) {}

Delivery FileSender::Deliver(const Chunk& chunk) {
  Delivery failed;
  failed.code = Delivery::Code::kRetry;
  std::string_view body = chunk.body.view();
  std::string path = directory_ + "/" + chunk.id_hex() + ".ndjson";
  if (compression_ != net::CompressionLevel::kNone) {
    compressed_.Clear();
    if (Status status = compressor_.Compress(body, compressed_); !status) {
      failed.why = status.error().message;
      return failed;
    }
    body = compressed_.view();
    path += ".gz";
  }
  const std::string part = path + ".part";
  const int fd = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = fd >= 0 && WriteWhole(fd, body);
  const int write_error = errno;
  if (fd >= 0) close(fd);
  if (!written || rename(part.c_str(), path.c_str()) != 0) {
    failed.why = "cannot write " + path + ": " + std::strerror(written ? errno : write_error);
    return failed;
  }
  return {};
}

}  // namespace tailrace::elasticsearch
