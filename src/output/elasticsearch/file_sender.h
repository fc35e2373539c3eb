// SPDX-License-Identifier: Apache-2.0
#pragma once
// Writes finished request bodies to files instead of sending them (`bulk_directory`): for
// demonstrations, for tests without a server, and to carry bulk bodies somewhere by other means.

#include <string>

#include "output/elasticsearch/sender.h"
#include "tailrace/plugin.h"

namespace tailrace::elasticsearch {

class FileSender final : public Sender {
 public:
  // `directory` must exist. Bodies are compressed as requests would be.
  FileSender(std::string directory, net::CompressionLevel compression);

  // Writes DIRECTORY/CHUNK_ID.ndjson (.gz if compressed), complete or not at all.
  Delivery Deliver(const Chunk& chunk) override;

 private:
  std::string directory_;
  net::CompressionLevel compression_;
  net::GzipCompressor compressor_;
  ByteBuffer compressed_;
};

}  // namespace tailrace::elasticsearch
