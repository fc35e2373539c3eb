// SPDX-License-Identifier: Apache-2.0
#include "output/elasticsearch/sender.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "output/elasticsearch/bulk_answer.h"

namespace tailrace::elasticsearch {
namespace {

constexpr size_t kShownBytes = 500;

// What is read of an answer and no more: by item, because errors are told apart by their place. A
// success is 25 bytes an item instead of 200. Elasticsearch 1.6 and OpenSearch 1 have it; a server
// that does not know it answers in full, which reads the same.
constexpr std::string_view kAnswerFilter = "filter_path=errors,items.*.status,items.*.error";

double RetryAfter(const net::HttpResponse& response) {
  const std::string_view text = response.Header("retry-after");
  int seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::clamp(seconds, 0, 600);
}

void AddRange(uint32_t first, uint32_t last, std::vector<uint32_t>& indexes) {
  for (uint32_t i = first; i < last; ++i) indexes.push_back(i);
}

}  // namespace

BulkSender::BulkSender(const SenderOptions& options, std::shared_ptr<Setup> setup)
    : options_(options), setup_(std::move(setup)), compressor_(options.compression) {
  for (const net::HttpOptions& host : options_.hosts) clients_.emplace_back(host);
}

void BulkSender::Abort() {
  for (net::HttpClient& client : clients_) client.Abort();
}

Delivery BulkSender::Deliver(const Chunk& chunk) {
  Delivery delivery;
  if (setup_) {
    if (Status status = setup_->Ensure(clients_[current_]); !status) {
      current_ = (current_ + 1) % clients_.size();
      delivery.code = Delivery::Code::kRetry;
      delivery.why = status.error().message;
      return delivery;
    }
  }
  const auto events = static_cast<uint32_t>(chunk.events());
  DeliverRange(chunk, 0, events, delivery);
  if (delivery.retry.size() == events) {
    delivery.code = Delivery::Code::kRetry;
    delivery.retry.clear();
  } else if (!delivery.retry.empty() || !delivery.rejected.empty()) {
    delivery.code = Delivery::Code::kPartial;
  }
  return delivery;
}

net::HttpResult BulkSender::Post(std::string_view body) {
  net::HttpRequest request;
  request.method = "POST";
  request.path = options_.bulk_path;
  request.path += options_.bulk_path.find('?') == std::string::npos ? '?' : '&';
  request.path += kAnswerFilter;
  request.headers = options_.headers;
  request.headers.push_back({"Content-Type", options_.content_type});
  if (options_.compression != net::CompressionLevel::kNone) {
    compressed_.Clear();
    if (compressor_.Compress(body, compressed_)) {
      request.headers.push_back({"Content-Encoding", "gzip"});
      body = compressed_.view();
    }
  }
  const std::array<std::string_view, 1> pieces = {body};
  request.body = pieces;
  return clients_[current_].Send(request);
}

bool BulkSender::DeliverRange(const Chunk& chunk, uint32_t first, uint32_t last,
                              Delivery& delivery) {
  const size_t begin = chunk.begins[first];
  const size_t end = last < chunk.events() ? chunk.begins[last] : chunk.body.size();
  const std::string& host = clients_[current_].options().base_url;
  const net::HttpResult result = Post(chunk.body.view().substr(begin, end - begin));
  if (!result) {
    delivery.why = result.error().message;
    current_ = (current_ + 1) % clients_.size();
    AddRange(first, static_cast<uint32_t>(chunk.events()), delivery.retry);
    return false;
  }
  if (result->ok()) {
    const Delivery part = ReadBulkAnswer(result->body, last - first, host);
    if (!part.why.empty()) delivery.why = part.why;
    if (part.code == Delivery::Code::kRetry) AddRange(first, last, delivery.retry);
    for (const uint32_t index : part.retry) delivery.retry.push_back(first + index);
    for (const auto& refusal : part.rejected) {
      delivery.rejected.push_back({first + refusal.index, refusal.reason});
    }
    return true;
  }
  const std::string why = host + options_.bulk_path + " answered " +
                          std::to_string(result->status) + ": " +
                          result->body.substr(0, kShownBytes);
  // The request itself is refused: too large, or one of its lines cannot be read. Halves are tried,
  // down to the one event that is to blame.
  if (result->status == 413 || result->status == 400) {
    return Halve(chunk, first, last, why, delivery);
  }
  delivery.why = why;
  delivery.not_before = std::max(delivery.not_before, RetryAfter(*result));
  if (result->status >= 500) current_ = (current_ + 1) % clients_.size();
  AddRange(first, static_cast<uint32_t>(chunk.events()), delivery.retry);
  return false;
}

bool BulkSender::Halve(const Chunk& chunk, uint32_t first, uint32_t last, const std::string& why,
                       Delivery& delivery) {
  if (last - first == 1) {
    delivery.rejected.push_back({first, why});
    return true;
  }
  const uint32_t middle = first + (last - first) / 2;
  return DeliverRange(chunk, first, middle, delivery) &&
         DeliverRange(chunk, middle, last, delivery);
}

}  // namespace tailrace::elasticsearch
