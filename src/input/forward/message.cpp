// SPDX-License-Identifier: Apache-2.0
#include "input/forward/message.h"

#include "event/msgpack.h"
#include "event/msgpack_scanner.h"

namespace tailrace::forward {
namespace {

using msgpack::ReadResult;

// Passes over one value without decoding it; 0 if it is not all there.
size_t SizeOfNext(std::string_view bytes) {
  msgpack::FrameScanner scanner;
  size_t used = 0;
  return scanner.Scan(bytes, &used) == msgpack::FrameScanner::State::kComplete ? used : 0;
}

void ReadOption(std::string_view bytes, Message* message) {
  Arena arena;
  msgpack::Reader reader(bytes, arena);
  uint32_t members = 0;
  bool is_map = false;
  if (reader.EnterMap(&members, &is_map) != ReadResult::kOk || !is_map) return;
  for (uint32_t i = 0; i < members; ++i) {
    Value key;
    if (reader.Next(&key) != ReadResult::kOk) return;
    const size_t begin = reader.position();
    const size_t size = SizeOfNext(bytes.substr(begin));
    if (size == 0) return;
    Value value;
    if (key.bytes() == "chunk" || key.bytes() == "compressed") {
      if (reader.Next(&value) != ReadResult::kOk) return;
      if (key.bytes() == "compressed" && value.is_string()) message->compressed = value.bytes();
      if (key.bytes() == "chunk" && value.kind != Kind::kNull && value.kind != Kind::kFalse) {
        message->chunk = bytes.substr(begin, size);
        if (value.is_string()) message->chunk_text = value.bytes();
      }
    } else if (reader.Skip() != ReadResult::kOk) {
      return;
    }
  }
}

}  // namespace

Message ReadMessage(std::string_view bytes) {
  Message message;
  Arena arena;
  msgpack::Reader reader(bytes, arena);
  uint32_t parts = 0;
  bool is_array = false;
  if (reader.EnterArray(&parts, &is_array) != ReadResult::kOk) return message;
  if (!is_array) {
    Value value;
    if (reader.Next(&value) == ReadResult::kOk && value.kind == Kind::kNull) {
      message.mode = Message::Mode::kIgnored;
    }
    return message;
  }
  Value tag;
  if (parts < 2 || reader.Next(&tag) != ReadResult::kOk) return message;
  message.tag_valid = tag.is_string();
  message.tag = tag.bytes();

  size_t at = reader.position();
  size_t size = SizeOfNext(bytes.substr(at));
  uint32_t entries = 0;
  uint32_t option = 2;
  if (reader.EnterArray(&entries, &is_array) == ReadResult::kOk && is_array) {
    message.mode = Message::Mode::kForward;
    message.entries = bytes.substr(reader.position(), at + size - reader.position());
    at += size;
  } else {
    // Strings and times are told apart by their first byte: only those are decoded here.
    const auto first = static_cast<unsigned char>(bytes[at]);
    const bool is_string = (first >= 0xA0 && first <= 0xBF) || (first >= 0xC4 && first <= 0xC6) ||
                           (first >= 0xD9 && first <= 0xDB);
    if (is_string) {
      Value packed;
      if (reader.Next(&packed) != ReadResult::kOk) return message;
      message.mode = Message::Mode::kPacked;
      message.entries = packed.bytes();
      at += size;
    } else {
      if (parts < 3) return message;
      message.mode = Message::Mode::kMessage;
      const size_t record = SizeOfNext(bytes.substr(at + size));
      message.entries = bytes.substr(at, size + record);
      at += size + record;
      option = 3;
    }
  }
  if (parts > option) ReadOption(bytes.substr(at), &message);
  return message;
}

}  // namespace tailrace::forward
