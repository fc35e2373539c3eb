// SPDX-License-Identifier: Apache-2.0
#include "forward/handshake.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <initializer_list>

#include "event/msgpack.h"
#include "event/value.h"

namespace tailrace::forward {
namespace {

using msgpack::ReadResult;

std::string HexOfSha512(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  std::array<unsigned char, SHA512_DIGEST_LENGTH> digest{};
  SHA512(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  OPENSSL_cleanse(text.data(), text.size());
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

void AppendBytes(std::string_view bytes, ByteBuffer& out) {
  constexpr char kBin8 = '\xC4';
  out.Append(kBin8);
  out.Append(static_cast<char>(bytes.size()));
  out.Append(bytes);
}

void AppendBool(bool value, ByteBuffer& out) { out.Append(value ? '\xC3' : '\xC2'); }

std::string TextOf(const ByteBuffer& out) { return std::string(out.view()); }

// Reads an array whose first entry is `name`.
class ArrayReader {
 public:
  ArrayReader(std::string_view message, std::string_view name) : reader_(message, arena_) {
    bool is_array = false;
    fine_ = reader_.EnterArray(&entries_, &is_array) == ReadResult::kOk && is_array &&
            entries_ > 0 && NextText() == name;
  }
  bool fine() const { return fine_; }
  uint32_t entries() const { return entries_; }
  msgpack::Reader& reader() { return reader_; }
  Arena& arena() { return arena_; }

  std::string NextText() {
    const Value value = Next();
    fine_ = fine_ && value.is_string();
    return fine_ ? std::string(value.bytes()) : std::string();
  }
  bool NextBool() {
    const Value value = Next();
    fine_ = fine_ && (value.kind == Kind::kTrue || value.kind == Kind::kFalse);
    return value.kind == Kind::kTrue;
  }

 private:
  Value Next() {
    Value value;
    fine_ = fine_ && reader_.Next(&value) == ReadResult::kOk;
    return value;
  }

  Arena arena_;
  msgpack::Reader reader_;
  uint32_t entries_ = 0;
  bool fine_ = true;
};

}  // namespace

std::string NewSalt() {
  std::string salt(kSaltBytes, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size()));
  return salt;
}

std::string KeyDigest(std::string_view salt, std::string_view hostname, std::string_view nonce,
                      std::string_view key) {
  return HexOfSha512({salt, hostname, nonce, key});
}

std::string PasswordDigest(std::string_view auth_salt, std::string_view user,
                           std::string_view password) {
  return HexOfSha512({auth_salt, user, password});
}

bool SameDigest(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string Write(const Helo& helo) {
  ByteBuffer out;
  msgpack::AppendArrayHead(2, out);
  msgpack::AppendString("HELO", out);
  msgpack::AppendMapHead(3, out);
  msgpack::AppendString("nonce", out);
  AppendBytes(helo.nonce, out);
  msgpack::AppendString("auth", out);
  AppendBytes(helo.auth_salt, out);
  msgpack::AppendString("keepalive", out);
  AppendBool(helo.keepalive, out);
  return TextOf(out);
}

std::string Write(const Ping& ping) {
  ByteBuffer out;
  msgpack::AppendArrayHead(6, out);
  msgpack::AppendString("PING", out);
  for (const std::string* text :
       {&ping.hostname, &ping.salt, &ping.key_digest, &ping.user, &ping.password_digest}) {
    if (text == &ping.salt) {
      AppendBytes(*text, out);
    } else {
      msgpack::AppendString(*text, out);
    }
  }
  return TextOf(out);
}

std::string Write(const Pong& pong) {
  ByteBuffer out;
  msgpack::AppendArrayHead(5, out);
  msgpack::AppendString("PONG", out);
  AppendBool(pong.accepted, out);
  for (const std::string* text : {&pong.reason, &pong.hostname, &pong.key_digest}) {
    msgpack::AppendString(*text, out);
  }
  return TextOf(out);
}

std::optional<Helo> ReadHelo(std::string_view message) {
  ArrayReader in(message, "HELO");
  uint32_t members = 0;
  bool is_map = false;
  if (!in.fine() || in.reader().EnterMap(&members, &is_map) != ReadResult::kOk || !is_map) {
    return std::nullopt;
  }
  Helo helo;
  for (uint32_t i = 0; i < members; ++i) {
    Value key;
    Value value;
    if (in.reader().Next(&key) != ReadResult::kOk || in.reader().Next(&value) != ReadResult::kOk) {
      return std::nullopt;
    }
    if (key.bytes() == "nonce" && value.is_string()) helo.nonce = value.bytes();
    if (key.bytes() == "auth" && value.is_string()) helo.auth_salt = value.bytes();
    if (key.bytes() == "keepalive") helo.keepalive = Truthy(value);
  }
  return helo;
}

std::optional<Ping> ReadPing(std::string_view message) {
  ArrayReader in(message, "PING");
  Ping ping;
  if (!in.fine() || in.entries() != 6) return std::nullopt;
  for (std::string* text :
       {&ping.hostname, &ping.salt, &ping.key_digest, &ping.user, &ping.password_digest}) {
    *text = in.NextText();
  }
  if (!in.fine()) return std::nullopt;
  return ping;
}

std::optional<Pong> ReadPong(std::string_view message) {
  ArrayReader in(message, "PONG");
  if (!in.fine() || in.entries() != 5) return std::nullopt;
  Pong pong;
  pong.accepted = in.NextBool();
  pong.reason = in.NextText();
  pong.hostname = in.NextText();
  pong.key_digest = in.NextText();
  if (!in.fine()) return std::nullopt;
  return pong;
}

}  // namespace tailrace::forward
