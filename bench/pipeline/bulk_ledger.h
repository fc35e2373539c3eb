// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads bulk bodies and keeps the books: how many documents came, which events (see log_lines.h)
// are missing or came twice, how long they were under way. It remembers ids, so a document that is
// sent again with op_type create is answered 409 and not stored, as Elasticsearch would.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sequence_book.h"

namespace tailrace::bench {

// A set of 64-bit hashes; open addressing, grows at half full.
class HashSet {
 public:
  // True if `hash` was not there yet.
  bool Insert(std::uint64_t hash);
  std::size_t size() const { return size_; }

 private:
  bool Place(std::uint64_t hash);
  std::vector<std::uint64_t> slots_;
  std::size_t size_ = 0;
};

// Delays in microseconds, in buckets of 1/16 of a power of two: quantiles are right to 6%.
class DelayHistogram {
 public:
  void Add(std::int64_t delay_us);
  std::uint64_t count() const { return count_; }
  // The upper end of the bucket that holds quantile `q`, in milliseconds.
  double QuantileMs(double q) const;

 private:
  std::array<std::uint64_t, 64 * 16> buckets_{};
  std::uint64_t count_ = 0;
};

class BulkLedger {
 public:
  // Without `verify` only newlines are counted.
  explicit BulkLedger(bool verify) : verify_(verify) {}

  // Chance (0..1) that an item is refused with `status` instead of stored.
  void FailItems(int status, double chance) { fail_status_ = status, fail_chance_ = chance; }

  // What the answer says of each item; `filter_path` of the request asks for less than all.
  enum class Items : std::uint8_t {
    kNone,    // nothing, unless one of them failed
    kStatus,  // the status, and the error if there is one
    kAll,
  };
  // Takes one body received at `now_ns` since the epoch; writes the answer.
  // False if the body is no bulk body; the answer then says why.
  bool Take(std::string_view body, std::int64_t now_ns, Items items, std::string& answer);

  // One JSON object. With `manifest_path` (written by tailrace_generate) also what was lost.
  std::string Summary(const std::string& manifest_path) const;

  std::uint64_t requests_refused = 0;  // whole requests answered with an error on purpose
  std::uint64_t wire_bytes = 0;

 private:
  bool Count(std::string_view body, std::uint64_t& documents) const;
  bool Verify(std::string_view body, std::int64_t now_ns, Items items, std::string& answer);
  // Status of one item: 201, 409, or what FailItems asked for.
  int Item(std::string_view action, std::string_view document, std::int64_t now_ns);
  void NoteEvent(std::string_view document, std::int64_t now_ns);
  void AppendPlainItems(std::uint64_t count, Items items, std::string& answer);

  bool verify_;
  int fail_status_ = 0;
  double fail_chance_ = 0;
  std::uint64_t random_ = 88172645463325252ULL;
  std::uint64_t requests_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t documents_ = 0;  // stored
  std::uint64_t known_ids_ = 0;  // answered 409
  std::uint64_t items_refused_ = 0;
  std::uint64_t bad_requests_ = 0;
  std::uint64_t with_id_ = 0;
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
  HashSet ids_;
  SequenceBook book_;
  DelayHistogram delays_;
  std::string item_answers_;
  // Answers for items that were stored, made once: `count` of them, for one kind of answer.
  struct PlainItems {
    std::string text;
    std::uint64_t count = 0;
  };
  PlainItems plain_[3];
};

}  // namespace tailrace::bench
