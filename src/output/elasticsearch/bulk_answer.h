// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reading the answer to a bulk request, item by item, by status and not by the names of errors,
// which differ between Elasticsearch and OpenSearch
// (https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html).

#include <string>
#include <string_view>
#include <vector>

#include "tailrace/plugin.h"

namespace tailrace::elasticsearch {

// What became of the `events` documents of a request that was answered with 200 and this body.
// 2xx and 409 (a document with this id is there already) are done; 429 and 5xx are retried alone;
// other items are refused with the server's reason. An answer that cannot be read retries
// everything: with ids of our own that makes no duplicates.
Delivery ReadBulkAnswer(std::string_view body, size_t events, std::string_view host);

}  // namespace tailrace::elasticsearch
