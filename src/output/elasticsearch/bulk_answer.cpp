// SPDX-License-Identifier: Apache-2.0
#include "output/elasticsearch/bulk_answer.h"

#include <simdjson.h>

#include <algorithm>

namespace tailrace::elasticsearch {
namespace {

// Both servers write "took" and "errors" before the items. Found there, nothing else needs reading.
bool SaysNoErrors(std::string_view body) {
  constexpr size_t kHead = 128;
  const std::string_view head = body.substr(0, kHead);
  const size_t items = head.find("\"items\"");
  const size_t errors = head.find("\"errors\":false");
  return errors != std::string_view::npos && errors < items;
}

std::string Reason(simdjson::dom::element item, int64_t status) {
  std::string reason = "status " + std::to_string(status);
  simdjson::dom::element error;
  if (item["error"].get(error) != simdjson::SUCCESS) return reason;
  const auto append = [&reason](simdjson::dom::element from, const char* key) {
    std::string_view text;
    if (from[key].get_string().get(text) == simdjson::SUCCESS) {
      reason += ": ";
      reason += text;
    }
  };
  if (std::string_view text; error.get_string().get(text) == simdjson::SUCCESS) {
    return reason + ": " + std::string(text);
  }
  append(error, "type");
  append(error, "reason");
  if (simdjson::dom::element cause; error["caused_by"].get(cause) == simdjson::SUCCESS) {
    append(cause, "type");
    append(cause, "reason");
  }
  return reason;
}

void ReadItem(simdjson::dom::element item, uint32_t index, Delivery& delivery) {
  simdjson::dom::object action;
  int64_t status = 0;
  if (item.get_object().get(action) != simdjson::SUCCESS || action.begin() == action.end()) {
    delivery.retry.push_back(index);
    return;
  }
  const simdjson::dom::element result = (*action.begin()).value;
  if (result["status"].get_int64().get(status) != simdjson::SUCCESS) {
    delivery.retry.push_back(index);
    return;
  }
  if ((status >= 200 && status < 300) || status == 409) return;
  if (status == 429 || status >= 500) {
    delivery.retry.push_back(index);
    if (delivery.why.empty()) delivery.why = Reason(result, status);
  } else {
    delivery.rejected.push_back({index, Reason(result, status)});
  }
}

}  // namespace

Delivery ReadBulkAnswer(std::string_view body, size_t events, std::string_view host) {
  Delivery delivery;
  if (SaysNoErrors(body)) return delivery;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array items;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root["items"].get_array().get(items) != simdjson::SUCCESS) {
    delivery.code = Delivery::Code::kRetry;
    delivery.why = std::string(host) + " answered a bulk request with a body that cannot be read";
    return delivery;
  }
  if (bool errors = true; root["errors"].get_bool().get(errors) == simdjson::SUCCESS && !errors) {
    return delivery;
  }
  uint32_t index = 0;
  for (const simdjson::dom::element item : items) {
    if (index < events) ReadItem(item, index, delivery);
    ++index;
  }
  for (; index < events; ++index) delivery.retry.push_back(index);
  if (delivery.retry.empty() && delivery.rejected.empty()) return delivery;
  delivery.code = Delivery::Code::kPartial;
  delivery.why = std::string(host) + " took " +
                 std::to_string(events - delivery.retry.size() - delivery.rejected.size()) +
                 " of " + std::to_string(events) + " documents" +
                 (delivery.why.empty() ? std::string() : "; first error: " + delivery.why);
  return delivery;
}

}  // namespace tailrace::elasticsearch
