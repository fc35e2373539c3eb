// SPDX-License-Identifier: Apache-2.0
#include "input/forward/forward_session.h"

#include <algorithm>

#include "event/json.h"
#include "event/value.h"
#include "input/forward/loop_gate.h"

namespace tailrace::forward {
namespace {

constexpr size_t kOriginsMax = 1024;  // tags remembered of one client
// Of a client that nobody knows yet.
constexpr size_t kPingBytesMax = 64 << 10;

std::string MsgpackAnswer(std::string_view chunk) {
  std::string answer =
      "\x81\xA3"
      "ack";
  answer += chunk;
  return answer;
}

std::string JsonAnswer(std::string_view chunk) { return "{\"ack\":" + std::string(chunk) + "}"; }

}  // namespace

struct ForwardSession::Link {
  net::Connection* connection;  // null when it is gone
  bool last = false;            // the connection ends with the next answer
  size_t expected = 0;          // answers to come

  void Answer(std::string_view answer) {
    --expected;
    if (connection == nullptr) return;
    connection->Send(answer);
    if (last) connection->Finish();
  }
};

ForwardSession::ForwardSession(SessionParts& parts, net::Connection& connection)
    : parts_(parts), connection_(connection), link_(std::make_shared<Link>()) {
  link_->connection = &connection;
  if (parts.params.source_address_key) {
    fields_.address_key = *parts.params.source_address_key;
    fields_.address = connection.peer();
  }
}

ForwardSession::~ForwardSession() { link_->connection = nullptr; }

bool ForwardSession::owes_answer() const { return link_->expected > 0; }

void ForwardSession::Opened() {
  if (parts_.params.source_hostname_key) {
    fields_.hostname_key = *parts_.params.source_hostname_key;
    fields_.hostname = connection_.peer();
    if (parts_.names && connection_.address()) {
      connection_.Pause();
      parts_.names->Find(*connection_.address(), [this, link = link_](const std::string& name) {
        if (link->connection == nullptr) return;
        fields_.hostname = name;
        connection_.Resume();
      });
    }
  }
  if (!parts_.authority) return;
  state_ = State::kPing;
  format_ = Format::kMsgpack;
  helo_ = {NewSalt(), NewSalt(), !parts_.params.deny_keepalive};
  connection_.Send(Write(helo_));
}

size_t ForwardSession::Receive(std::string_view bytes) {
  size_t consumed = 0;
  if (format_ == Format::kUnknown && !bytes.empty()) {
    format_ = bytes[0] == '{' || bytes[0] == '[' ? Format::kJson : Format::kMsgpack;
  }
  for (;;) {
    const std::string_view rest = bytes.substr(consumed);
    if (!complete_ && !Scan(rest)) return consumed;
    if (skipping_ || OverLimit()) {
      // All that was scanned is let go.
      consumed += scanned_;
      Skipped(scanned_);
      if (connection_.ended()) return consumed;
      if (!complete_ && rest.size() == scanned_) {
        scanned_ = 0;
        return consumed;
      }
    } else if (complete_) {
      if (Handle(rest.substr(0, scanned_)) == Handled::kHeldBack) return consumed;
      consumed += scanned_;
    } else {
      return consumed;
    }
    const bool more = complete_;
    scanned_ = 0;
    complete_ = false;
    if (!more || connection_.ended() || link_->last) return consumed;
  }
}

// Goes on with the message that begins with `bytes`. False if the connection is dropped.
bool ForwardSession::Scan(std::string_view bytes) {
  size_t used = 0;
  bool invalid = false;
  if (format_ == Format::kJson) {
    const auto state = json_scanner_.Scan(bytes.substr(scanned_), &used);
    complete_ = state == JsonScanner::State::kComplete;
    invalid = state == JsonScanner::State::kInvalid;
  } else {
    const auto state = scanner_.Scan(bytes.substr(scanned_), &used);
    complete_ = state == msgpack::FrameScanner::State::kComplete;
    invalid = state == msgpack::FrameScanner::State::kInvalid;
  }
  scanned_ += used;
  if (invalid) connection_.Drop("malformed", "what it sends is no message, or nested too deep");
  return !invalid;
}

bool ForwardSession::OverLimit() const {
  const uint64_t known =
      scanned_ + skipped_ + (format_ == Format::kMsgpack ? scanner_.announced() : 0);
  if (state_ == State::kPing) return known > kPingBytesMax;
  const auto& limit = parts_.params.chunk_size_limit;
  return known > static_cast<uint64_t>(limit ? limit->bytes : parts_.params.receive_limit.bytes);
}

void ForwardSession::Skipped(size_t bytes) {
  skipping_ = true;
  skipped_ += bytes;
  if (!parts_.params.chunk_size_limit || state_ == State::kPing) {
    connection_.Drop(
        "message_too_large",
        "a message of more than " + std::to_string(parts_.params.receive_limit.bytes) + " bytes");
    return;
  }
  if (!complete_) return;
  parts_.runtime.CountLostBytes("chunk_size_limit", skipped_);
  uint64_t suppressed = 0;
  if (parts_.size_limit.Allow(&suppressed)) {
    LogWarn("Input chunk size is larger than 'chunk_size_limit', dropped:",
            {{"host", connection_.peer()},
             {"limit", parts_.params.chunk_size_limit->bytes},
             {"size", skipped_},
             {"suppressed", suppressed}});
  }
  skipping_ = false;
  skipped_ = 0;
}

ForwardSession::Handled ForwardSession::Handle(std::string_view message) {
  if (state_ == State::kPing) {
    CheckPing(message);
    return Handled::kDone;
  }
  return format_ == Format::kJson ? HandleJson(message) : HandleMsgpack(message);
}

void ForwardSession::CheckPing(std::string_view message) {
  const Pong pong = parts_.authority->Answer(message, helo_, connection_.address());
  connection_.Send(Write(pong));
  if (pong.accepted) {
    state_ = State::kEvents;
    return;
  }
  connection_.Refuse("not_authenticated", pong.reason);
  link_->last = true;
}

std::shared_ptr<const Origin> ForwardSession::WritableOrigin(std::string_view tag) {
  auto found = origins_.find(tag);
  if (found == origins_.end()) {
    if (origins_.size() >= kOriginsMax) origins_.clear();
    auto origin = std::make_shared<Origin>();
    const ForwardInputParams& params = parts_.params;
    origin->tag = params.tag ? *params.tag : std::string(tag);
    if (params.add_tag_prefix) origin->tag = *params.add_tag_prefix + "." + origin->tag;
    origin->path = connection_.peer();
    found = origins_.emplace(std::string(tag), std::move(origin)).first;
  }
  if (parts_.runtime.emitter().Writable(*found->second)) return found->second;
  connection_.HoldBack();
  return nullptr;
}

bool ForwardSession::Expect(std::string_view answer, std::string_view id, SegmentRef* segment) {
  ++link_->expected;
  const auto say = [link = link_, text = std::string(answer)] { link->Answer(text); };
  if (!ChunkBook::IsUnique(id)) {
    *segment = parts_.acks->Open(say);
    return true;
  }
  const auto known = parts_.book->Enter(id, [gate = parts_.gate, say] { gate->Post(say); });
  switch (known) {
    case ChunkBook::Known::kNew:
      *segment = parts_.acks->Open([book = parts_.book, name = std::string(id), say] {
        book->Safe(name);
        say();
      });
      return true;
    case ChunkBook::Known::kSafe:
      say();
      return false;
    case ChunkBook::Known::kPending:
      return false;
  }
  return false;
}

ForwardSession::Handled ForwardSession::HandleMsgpack(std::string_view bytes) {
  const Message message = ReadMessage(bytes);
  if (message.mode == Message::Mode::kIgnored) return Handled::kDone;
  if (message.mode == Message::Mode::kBroken) {
    CountBroken();
    return Handled::kDone;
  }
  const auto origin = WritableOrigin(message.tag);
  if (origin == nullptr) return Handled::kHeldBack;
  WarnOfSize(bytes, origin->tag);
  SegmentRef segment;
  const bool answered = !message.chunk.empty();
  if (answered && !Expect(MsgpackAnswer(message.chunk), message.chunk_text, &segment)) {
    AfterMessage(true);
    return Handled::kDone;
  }
  if (!message.tag_valid && !parts_.params.tag) {
    parts_.events.CountInvalid("", 1);
  } else if (const auto refused = parts_.events.Emit(message, origin, fields_, segment)) {
    // No answer: its events are not safe.
    link_->connection = nullptr;
    if (answered) parts_.book->Forget(message.chunk_text);
    connection_.Drop(refused->reason, refused->detail);
    return Handled::kDone;
  }
  AfterMessage(answered);
  return Handled::kDone;
}

ForwardSession::Handled ForwardSession::HandleJson(std::string_view text) {
  Arena arena;
  Value value;
  if (!json::ParseValue(text, arena, &value)) {
    connection_.Drop("malformed", "what it sends is no JSON");
    return Handled::kDone;
  }
  Value tag;
  Value second;
  Value option;
  if (value.kind == Kind::kArray) {
    json::ElementCursor parts(value.bytes());
    if (parts.Next(&tag) && parts.Next(&second)) {
      Value record;
      if (second.kind == Kind::kArray || parts.Next(&record)) parts.Next(&option);
    }
  }
  if (!tag.is_string() || second.kind == Kind::kNull || second.is_string()) {
    CountBroken();
    return Handled::kDone;
  }
  const auto origin = WritableOrigin(ToText(tag, arena));
  if (origin == nullptr) return Handled::kHeldBack;
  WarnOfSize(text, origin->tag);
  SegmentRef segment;
  Value chunk;
  const bool answered = option.kind == Kind::kObject &&
                        json::FindMember(option.bytes(), "chunk", &chunk) && Truthy(chunk);
  if (answered) {
    ByteBuffer written;
    json::AppendValue(chunk, written);
    const std::string_view id = chunk.is_string() ? ToText(chunk, arena) : std::string_view();
    if (!Expect(JsonAnswer(written.view()), id, &segment)) {
      AfterMessage(true);
      return Handled::kDone;
    }
  }
  parts_.events.EmitJson(value.bytes(), origin, fields_, segment);
  AfterMessage(answered);
  return Handled::kDone;
}

void ForwardSession::AfterMessage(bool answered) {
  if (!parts_.params.deny_keepalive) return;
  if (!answered) connection_.Finish();
  connection_.Pause();
  link_->last = true;
}

void ForwardSession::WarnOfSize(std::string_view message, std::string_view tag) {
  const auto& limit = parts_.params.chunk_size_warn_limit;
  uint64_t suppressed = 0;
  if (!limit || message.size() <= static_cast<size_t>(limit->bytes)) return;
  if (!parts_.size_limit.Allow(&suppressed)) return;
  LogWarn("Input chunk size is larger than 'chunk_size_warn_limit':", {{"tag", tag},
                                                                       {"host", connection_.peer()},
                                                                       {"limit", limit->bytes},
                                                                       {"size", message.size()},
                                                                       {"suppressed", suppressed}});
}

void ForwardSession::CountBroken() {
  parts_.runtime.CountDropped("broken_message", 1);
  uint64_t suppressed = 0;
  if (!parts_.broken_limit.Allow(&suppressed)) return;
  LogWarn("incoming chunk is broken: it is no message of the forward protocol and is counted.",
          {{"host", connection_.peer()}, {"suppressed", suppressed}});
}

}  // namespace tailrace::forward
