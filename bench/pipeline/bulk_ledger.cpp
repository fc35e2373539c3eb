// SPDX-License-Identifier: Apache-2.0
#include "bulk_ledger.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

namespace tailrace::bench {
namespace {

// What Elasticsearch 8 says for a stored document; index and id are not looked at by any client.
constexpr std::string_view kStored =
    R"({"create":{"_index":"bench","_id":"0","_version":1,"result":"created",)"
    R"("_shards":{"total":2,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}})";
constexpr std::string_view kStoredStatus = R"({"create":{"status":201}})";

std::uint64_t Hash(std::string_view text) {  // 8 bytes at a time, multiply and fold
  std::uint64_t hash = 0x9e3779b97f4a7c15ULL ^ text.size();
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t length = std::min<std::size_t>(8, text.size());
    std::memcpy(&word, text.data(), length);
    hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
    hash ^= hash >> 32;
    text.remove_prefix(length);
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace

bool HashSet::Place(std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != 0) {
    if (slots_[at] == hash) return false;
    at = (at + 1) & mask;
  }
  slots_[at] = hash;
  return true;
}

bool HashSet::Insert(std::uint64_t hash) {
  if (size_ * 2 >= slots_.size()) {
    std::vector<std::uint64_t> old(std::max<std::size_t>(1 << 16, slots_.size() * 2));
    old.swap(slots_);
    for (const std::uint64_t h : old) {
      if (h != 0) Place(h);
    }
  }
  if (!Place(hash)) return false;
  ++size_;
  return true;
}

void DelayHistogram::Add(std::int64_t delay_us) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(delay_us, 1));
  const int power = std::bit_width(value) - 1;
  const std::uint64_t part = power >= 4 ? (value >> (power - 4)) & 15 : (value << (4 - power)) & 15;
  ++buckets_[static_cast<std::size_t>(power) * 16 + part];
  ++count_;
}

double DelayHistogram::QuantileMs(double q) const {
  const auto target = static_cast<std::uint64_t>(q * static_cast<double>(count_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > target) {
      const double unit = static_cast<double>(std::uint64_t{1} << (i / 16));
      return unit * (1.0 + static_cast<double>(i % 16 + 1) / 16) / 1000;
    }
  }
  return 0;
}

bool BulkLedger::Count(std::string_view body, std::uint64_t& documents) const {
  const auto newlines = static_cast<std::uint64_t>(std::count(body.begin(), body.end(), '\n'));
  documents = newlines / 2;
  return !body.empty() && body.back() == '\n' && newlines % 2 == 0;
}

void BulkLedger::AppendPlainItems(std::uint64_t count, Items items, std::string& answer) {
  PlainItems& plain = plain_[static_cast<std::size_t>(items)];
  const std::string_view item = items == Items::kAll ? kStored : kStoredStatus;
  while (plain.count < count) {
    plain.text += plain.text.empty() ? "" : ",";
    plain.text += item;
    ++plain.count;
  }
  answer.append(plain.text, 0, count == 0 ? 0 : count * (item.size() + 1) - 1);
}

bool BulkLedger::Take(std::string_view body, std::int64_t now_ns, Items items,
                      std::string& answer) {
  ++requests_;
  body_bytes_ += body.size();
  if (first_ns_ == 0) first_ns_ = now_ns;
  last_ns_ = now_ns;
  answer = "{\"took\":1,\"errors\":";
  bool good = true;
  if (verify_ || fail_chance_ > 0) {
    good = Verify(body, now_ns, items, answer);
  } else {
    std::uint64_t documents = 0;
    good = Count(body, documents);
    documents_ += documents;
    answer += "false";
    if (items != Items::kNone) {
      answer += ",\"items\":[";
      AppendPlainItems(documents, items, answer);
      answer += "]";
    }
  }
  if (!good) {
    ++bad_requests_;
    answer = R"({"error":{"type":"illegal_argument_exception","reason":"malformed bulk body"},)"
             R"("status":400})";
    return false;
  }
  answer += "}";
  return true;
}

bool BulkLedger::Verify(std::string_view body, std::int64_t now_ns, Items items,
                        std::string& answer) {
  std::uint64_t count = 0;
  bool plain = true;  // all items answered 201 so far
  item_answers_.clear();
  while (!body.empty()) {
    const std::size_t action_end = body.find('\n');
    const std::size_t document_end =
        action_end == std::string_view::npos ? action_end : body.find('\n', action_end + 1);
    if (document_end == std::string_view::npos) return false;
    const std::string_view action = body.substr(0, action_end);
    if (action.substr(0, 2) != "{\"") return false;
    const int status =
        Item(action, body.substr(action_end + 1, document_end - action_end - 1), now_ns);
    body.remove_prefix(document_end + 1);
    if (plain && status != 201) {
      plain = false;
      AppendPlainItems(count, items, item_answers_);
    }
    ++count;
    if (plain) continue;
    if (count > 1) item_answers_ += ",";
    if (status == 201) {
      item_answers_ += items == Items::kAll ? kStored : kStoredStatus;
    } else {
      item_answers_ += R"({"create":{"status":)" + std::to_string(status) +
                       R"(,"error":{"type":")" +
                       (status == 409 ? "version_conflict_engine_exception"
                                      : "es_rejected_execution_exception") +
                       R"(","reason":"not stored"}}})";
    }
  }
  answer += plain ? "false" : "true";
  if (items != Items::kNone || !plain) {
    answer += ",\"items\":[";
    if (plain) {
      AppendPlainItems(count, items, answer);
    } else {
      answer += item_answers_;
    }
    answer += "]";
  }
  return true;
}

int BulkLedger::Item(std::string_view action, std::string_view document, std::int64_t now_ns) {
  if (fail_chance_ > 0) {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    if (static_cast<double>(random_ >> 11) * 0x1p-53 < fail_chance_) {
      ++items_refused_;
      return fail_status_;
    }
  }
  constexpr std::string_view kId = "\"_id\"";
  const std::size_t id = action.find(kId);
  if (id != std::string_view::npos) {
    const std::size_t begin = action.find('"', id + kId.size());
    const std::size_t end = begin == std::string_view::npos ? begin : action.find('"', begin + 1);
    if (end != std::string_view::npos) {
      ++with_id_;
      const bool is_new = ids_.Insert(Hash(action.substr(begin + 1, end - begin - 1)));
      if (!is_new && action.substr(0, 9) == "{\"create\"") {
        ++known_ids_;
        return 409;
      }
    }
  }
  ++documents_;
  NoteEvent(document, now_ns);
  return 201;
}

void BulkLedger::NoteEvent(std::string_view document, std::int64_t now_ns) {
  const std::optional<Sequence> sequence = FindSequence(document);
  if (!sequence) return book_.NoteUnknown();
  book_.Note(*sequence);
  const std::optional<std::uint64_t> sent_ns = FindNumber(document, "sent_ns", sequence->end);
  if (sent_ns) delays_.Add((now_ns - static_cast<std::int64_t>(*sent_ns)) / 1000);
}

std::string BulkLedger::Summary(const std::string& manifest_path) const {
  char text[1024];
  std::snprintf(
      text, sizeof text,
      "{\"requests\":%llu,\"requests_refused\":%llu,\"bad_requests\":%llu,"
      "\"documents\":%llu,\"known_ids\":%llu,\"items_refused\":%llu,\"with_id\":%llu,"
      "\"wire_bytes\":%llu,\"body_bytes\":%llu,\"first_ns\":%lld,\"last_ns\":%lld",
      static_cast<unsigned long long>(requests_), static_cast<unsigned long long>(requests_refused),
      static_cast<unsigned long long>(bad_requests_), static_cast<unsigned long long>(documents_),
      static_cast<unsigned long long>(known_ids_), static_cast<unsigned long long>(items_refused_),
      static_cast<unsigned long long>(with_id_), static_cast<unsigned long long>(wire_bytes),
      static_cast<unsigned long long>(body_bytes_), static_cast<long long>(first_ns_),
      static_cast<long long>(last_ns_));
  std::string json = text;
  if (verify_) json += book_.Counts();
  if (delays_.count() > 0) {
    std::snprintf(text, sizeof text,
                  ",\"delay_ms\":{\"count\":%llu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}",
                  static_cast<unsigned long long>(delays_.count()), delays_.QuantileMs(0.50),
                  delays_.QuantileMs(0.99), delays_.QuantileMs(0.9999999));
    json += text;
  }
  if (verify_ && !manifest_path.empty()) json += book_.Compare(manifest_path);
  return json + "}";
}

}  // namespace tailrace::bench
