// SPDX-License-Identifier: Apache-2.0
#pragma once
// Delivers chunks of finished bulk lines: chooses a host, sends, reads the answer, and takes a
// request apart that the server refuses as a whole. One per flush thread.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/gzip.h"
#include "net/http_client.h"
#include "output/elasticsearch/setup.h"
#include "tailrace/plugin.h"

namespace tailrace::elasticsearch {

struct SenderOptions {
  std::vector<net::HttpOptions> hosts;   // at least one
  std::vector<net::HttpHeader> headers;  // besides Content-Type
  std::string content_type = "application/x-ndjson";
  std::string bulk_path = "/_bulk";
  net::CompressionLevel compression = net::CompressionLevel::kNone;
};

class BulkSender final : public Sender {
 public:
  // `setup` is shared by the flush threads; null if nothing is to be set up.
  BulkSender(const SenderOptions& options, std::shared_ptr<Setup> setup);

  Delivery Deliver(const Chunk& chunk) override;
  void Abort() override;

 private:
  // Delivers events [first, last) and adds what became of them to `delivery`. False if the rest of
  // the chunk should not be tried now.
  bool DeliverRange(const Chunk& chunk, uint32_t first, uint32_t last, Delivery& delivery);
  bool Halve(const Chunk& chunk, uint32_t first, uint32_t last, const std::string& why,
             Delivery& delivery);
  net::HttpResult Post(std::string_view body);

  SenderOptions options_;
  std::shared_ptr<Setup> setup_;
  std::vector<net::HttpClient> clients_;
  size_t current_ = 0;
  net::GzipCompressor compressor_;
  ByteBuffer compressed_;
};

}  // namespace tailrace::elasticsearch
