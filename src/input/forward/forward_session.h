// SPDX-License-Identifier: Apache-2.0
#pragma once
// One client of a forward input: finds its messages in the bytes, shakes hands if asked to, gives
// messages to the pipeline and sends acknowledgements when their events are safe.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "event/msgpack_scanner.h"
#include "input/acks.h"
#include "input/forward/authority.h"
#include "input/forward/chunk_book.h"
#include "input/forward/event_reader.h"
#include "input/forward/forward_params.h"
#include "input/forward/json_scanner.h"
#include "net/host_names.h"
#include "net/stream_server.h"
#include "tailrace/plugin.h"

namespace tailrace::forward {

// The loop of one worker's input, for calls from other workers. Calls are let go once it is closed.
class LoopGate;

// What the sessions of one input share. Outlives them.
struct SessionParts {
  const ForwardInputParams& params;
  InputRuntime& runtime;
  EventReader events;
  std::shared_ptr<Acks> acks;
  std::shared_ptr<ChunkBook> book;
  std::shared_ptr<LoopGate> gate;
  std::optional<Authority> authority;
  std::optional<net::HostNames> names;
  LogLimit broken_limit;
  LogLimit size_limit;
};

class ForwardSession final : public net::Session {
 public:
  ForwardSession(SessionParts& parts, net::Connection& connection);
  ~ForwardSession() override;

  void Opened() override;
  size_t Receive(std::string_view bytes) override;
  bool waiting() const override { return state_ == State::kPing || scanned_ > 0; }
  bool owes_answer() const override;

 private:
  enum class State : uint8_t { kPing, kEvents };
  enum class Format : uint8_t { kUnknown, kMsgpack, kJson };
  enum class Handled : uint8_t { kDone, kHeldBack };
  // What acknowledgements hold: the connection may be gone when they come.
  struct Link;

  bool Scan(std::string_view bytes);
  bool OverLimit() const;
  void Skipped(size_t bytes);
  Handled Handle(std::string_view message);
  Handled HandleMsgpack(std::string_view bytes);
  Handled HandleJson(std::string_view text);
  void CheckPing(std::string_view message);
  void WarnOfSize(std::string_view message, std::string_view tag);
  void CountBroken();
  // The events' origin, or null while the pipeline is full.
  std::shared_ptr<const Origin> WritableOrigin(std::string_view tag);
  // Begins an acknowledgement. False if the message is not to be taken: it is known already.
  bool Expect(std::string_view answer, std::string_view id, SegmentRef* segment);
  void AfterMessage(bool answered);

  SessionParts& parts_;
  net::Connection& connection_;
  std::shared_ptr<Link> link_;
  PeerFields fields_;
  State state_ = State::kEvents;
  Format format_ = Format::kUnknown;
  Helo helo_;
  msgpack::FrameScanner scanner_;
  JsonScanner json_scanner_;
  size_t scanned_ = 0;     // bytes of the message that were looked at
  bool complete_ = false;  // the message ends there
  bool skipping_ = false;  // it is too large: its bytes are thrown away as they come
  uint64_t skipped_ = 0;   // bytes of it thrown away
  std::map<std::string, std::shared_ptr<const Origin>, std::less<>> origins_;
};

}  // namespace tailrace::forward
