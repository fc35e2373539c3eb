// SPDX-License-Identifier: Apache-2.0
#include "event/msgpack_scanner.h"

#include <algorithm>

#include "event/msgpack.h"

namespace tailrace::msgpack {
namespace {

// How a first byte goes on (https://github.com/msgpack/msgpack/blob/master/spec.md).
struct Shape {
  enum Kind : uint8_t { kPlain, kSized, kArray, kMap, kInvalid } kind = kPlain;
  uint8_t width = 0;  // bytes of the number that follows the first byte
  uint8_t more = 0;   // fixed bytes behind that
  uint8_t count = 0;  // size or entries where the first byte says it
};

Shape ShapeOf(unsigned char first) {
  if (first <= 0x7F || first >= 0xE0) return {};
  if (first <= 0x8F) return {Shape::kMap, 0, 0, static_cast<uint8_t>(first & 0x0F)};
  if (first <= 0x9F) return {Shape::kArray, 0, 0, static_cast<uint8_t>(first & 0x0F)};
  if (first <= 0xBF) return {Shape::kSized, 0, 0, static_cast<uint8_t>(first & 0x1F)};
  switch (first) {
    case 0xC1:
      return {Shape::kInvalid, 0, 0, 0};
    case 0xC4:
    case 0xD9:
      return {Shape::kSized, 1, 0, 0};
    case 0xC5:
    case 0xDA:
      return {Shape::kSized, 2, 0, 0};
    case 0xC6:
    case 0xDB:
      return {Shape::kSized, 4, 0, 0};
    case 0xC7:
      return {Shape::kSized, 1, 1, 0};
    case 0xC8:
      return {Shape::kSized, 2, 1, 0};
    case 0xC9:
      return {Shape::kSized, 4, 1, 0};
    case 0xCC:
    case 0xD0:
      return {Shape::kPlain, 0, 1, 0};
    case 0xCD:
    case 0xD1:
    case 0xD4:
      return {Shape::kPlain, 0, 2, 0};
    case 0xD5:
      return {Shape::kPlain, 0, 3, 0};
    case 0xCA:
    case 0xCE:
    case 0xD2:
      return {Shape::kPlain, 0, 4, 0};
    case 0xD6:
      return {Shape::kPlain, 0, 5, 0};
    case 0xCB:
    case 0xCF:
    case 0xD3:
      return {Shape::kPlain, 0, 8, 0};
    case 0xD7:
      return {Shape::kPlain, 0, 9, 0};
    case 0xD8:
      return {Shape::kPlain, 0, 17, 0};
    case 0xDC:
      return {Shape::kArray, 2, 0, 0};
    case 0xDD:
      return {Shape::kArray, 4, 0, 0};
    case 0xDE:
      return {Shape::kMap, 2, 0, 0};
    case 0xDF:
      return {Shape::kMap, 4, 0, 0};
    default:
      return {};  // nil, false, true
  }
}

}  // namespace

void FrameScanner::Reset() {
  open_.clear();
  payload_ = 0;
  in_payload_ = false;
}

// A value has ended: true if it was the outermost.
bool FrameScanner::Done() {
  while (!open_.empty()) {
    if (--open_.back() > 0) return false;
    open_.pop_back();
  }
  return true;
}

size_t FrameScanner::ReadHead(std::string_view bytes, bool* invalid) {
  const Shape shape = ShapeOf(static_cast<unsigned char>(bytes[0]));
  const size_t size = size_t{1} + shape.width + shape.more;
  if (shape.kind == Shape::kInvalid) {
    *invalid = true;
    return 0;
  }
  if (bytes.size() < size) return 0;
  uint64_t count = shape.count;
  for (size_t i = 1; i <= shape.width; ++i) {
    count = count << 8 | static_cast<unsigned char>(bytes[i]);
  }
  switch (shape.kind) {
    case Shape::kSized:
      payload_ = count;
      in_payload_ = true;
      break;
    case Shape::kArray:
    case Shape::kMap:
      if (shape.kind == Shape::kMap) count *= 2;
      if (open_.size() > kDepthMax) *invalid = true;
      // An empty one is a value like a number: it ends here.
      if (count > 0) open_.push_back(count + 1);
      break;
    default:
      break;
  }
  return size;
}

FrameScanner::State FrameScanner::Scan(std::string_view bytes, size_t* used) {
  size_t at = 0;
  for (;;) {
    *used = at;
    if (!in_payload_) {
      if (at == bytes.size()) return State::kMore;
      bool invalid = false;
      const size_t head = ReadHead(bytes.substr(at), &invalid);
      if (invalid) {
        Reset();
        return State::kInvalid;
      }
      if (head == 0) return State::kMore;
      at += head;
    }
    if (in_payload_) {
      const uint64_t here = std::min<uint64_t>(payload_, bytes.size() - at);
      at += here;
      payload_ -= here;
      if (payload_ > 0) {
        *used = at;
        return State::kMore;
      }
      in_payload_ = false;
    }
    if (Done()) {
      *used = at;
      return State::kComplete;
    }
  }
}

}  // namespace tailrace::msgpack
