// SPDX-License-Identifier: Apache-2.0
#pragma once
// From the entries of a forward message to batches, and on to the pipeline. What is no event is
// passed over and counted; an event without a time of its own gets the clock's.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "input/forward/message.h"
#include "tailrace/byte_buffer.h"
#include "tailrace/log.h"
#include "tailrace/plugin.h"

namespace tailrace::forward {

// What is added to every event of a peer.
struct PeerFields {
  std::string address_key, address;    // key "": none
  std::string hostname_key, hostname;  // key "": none
};

class EventReader {
 public:
  EventReader(InputRuntime& runtime, std::function<EventTime()> clock, size_t unpacked_max);

  // Emits the events of a message with the origin's tag; `segment` may be null. On an error nothing
  // was emitted and the peer is to be disconnected: a word for the counter and a text.
  struct Refused {
    std::string_view reason;
    std::string detail;
  };
  std::optional<Refused> Emit(const Message& message, const std::shared_ptr<const Origin>& origin,
                              const PeerFields& fields, const SegmentRef& segment);
  // The same for a message in JSON, whose text is known to be valid.
  void EmitJson(std::string_view message, const std::shared_ptr<const Origin>& origin,
                const PeerFields& fields, const SegmentRef& segment);

  void CountInvalid(std::string_view tag, uint64_t events);

 private:
  std::optional<Refused> EmitEntries(std::string_view entries,
                                     const std::shared_ptr<const Origin>& origin,
                                     const PeerFields& fields, const SegmentRef& segment);
  void AddJsonEvent(const Value& time, const Value& record, bool now_if_zero, Batch& batch);
  std::unique_ptr<Batch> Begin(const std::shared_ptr<const Origin>& origin,
                               const SegmentRef& segment);
  void Send(std::unique_ptr<Batch> batch, const PeerFields& fields);

  InputRuntime& runtime_;
  std::function<EventTime()> clock_;
  size_t unpacked_max_;
  ByteBuffer unpacked_;
  LogLimit invalid_limit_;
};

}  // namespace tailrace::forward
