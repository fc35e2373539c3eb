// SPDX-License-Identifier: Apache-2.0
// Recorded conversations of Fluentd's forward input, held with ours. The listener chooses its own
// nonce and salt, so digests are computed anew from those.
#include <regex>

#include "command/event_json.h"
#include "event/msgpack_scanner.h"
#include "forward/handshake.h"
#include "input/fake_network.h"
#include "oracle/oracle.h"

namespace tailrace::forward {
namespace {

using oracle::Json;

std::string Decoded(const Json& text) {
  std::string bytes;
  command::Base64Decode(text.get<std::string>(), &bytes);
  return bytes;
}

Json EventsOf(const tail::FakePipeline& pipeline) {
  Json events = Json::array();
  for (const tail::Seen& seen : pipeline.seen) {
    events.push_back({{"tag", seen.tag},
                      {"time", {seen.time.sec, seen.time.nsec}},
                      {"record", Json::parse(seen.json)}});
  }
  return events;
}

class Conversation : public InputFixture {
 public:
  void TestBody() override {}

  std::string Hold(const oracle::Case& one) {
    const Json& input = one.data["input"];
    const Json& expect = one.data["expect"];
    const uint16_t port = FreePort();
    const std::string conf = std::regex_replace(one.data["conf"].get<std::string>(),
                                                std::regex("%PORT%"), std::to_string(port));
    pipeline_.render = [this](const Batch& batch, const Row& row) {
      std::string text;
      command::AppendRecord(batch, row, arena_, text);
      return text;
    };
    const std::string problem = Start(conf);
    if (expect.contains("config_error")) {
      const std::string message = expect["message"];
      return problem.find(message) != std::string::npos ? "" : "not refused: " + problem;
    }
    if (!problem.empty()) return problem;
    ping_ = input.value("ping", Json());
    if (ping_.is_object()) salt_ = input["client_salt_used"];
    TestClient client(pipeline_, port);
    for (const Json& step : expect["transcript"]) {
      if (std::string why = Take(step, client, port); !why.empty()) return why;
    }
    pipeline_.Run(0.02);
    const Json wanted = expect.value("events", Json::array());
    const Json got = EventsOf(pipeline_);
    return got == wanted ? "" : "expected events " + wanted.dump() + "\ngot " + got.dump();
  }

 private:
  std::string Take(const Json& step, TestClient& client, uint16_t port) {
    if (step.contains("udp_send")) {
      answer_ = SendDatagram(pipeline_, port, Decoded(step["udp_send"]), true);
      return "";
    }
    if (step.contains("udp_recv")) {
      return answer_ == Decoded(step["udp_recv"]) ? "" : "another answer to the datagram";
    }
    if (step.contains("closed_by_server")) return client.Closed() ? "" : "is not closed";
    if (step.contains("send")) {
      std::string bytes = Decoded(step["send"]);
      if (step.contains("send_decoded") && helo_) bytes = PingBytes();
      client.Send(bytes);
      return "";
    }
    return TakeAnswer(Decoded(step["recv"]), client);
  }

  std::string TakeAnswer(const std::string& wanted, TestClient& client) {
    std::string got = client.Receive(wanted.size());
    if (ReadHelo(wanted)) {
      helo_ = ReadHelo(got);
      if (!helo_ || helo_->nonce.size() != kSaltBytes) return "no HELO";
      return helo_->keepalive == ReadHelo(wanted)->keepalive ? "" : "another keepalive";
    }
    if (const auto pong = ReadPong(wanted); pong && helo_) {
      const auto given = ReadPong(got);
      if (!given || given->accepted != pong->accepted || given->reason != pong->reason ||
          given->hostname != pong->hostname) {
        return "another PONG";
      }
      const std::string digest = KeyDigest(salt_, pong->hostname, helo_->nonce, Key());
      return !given->accepted || given->key_digest == digest ? "" : "another digest";
    }
    return got == wanted ? "" : "another answer: " + got;
  }

  std::string Key() const { return ping_.value("key", ""); }

  std::string PingBytes() const {
    Ping ping;
    ping.hostname = ping_.value("host", "");
    ping.salt = salt_;
    ping.key_digest = KeyDigest(salt_, ping.hostname, helo_->nonce, Key());
    if (ping_.contains("user")) {
      ping.user = ping_["user"];
      ping.password_digest =
          PasswordDigest(helo_->auth_salt, ping.user, ping_.value("pass", std::string()));
    }
    std::string bytes = Write(ping);
    const std::string bad = ping_.value("bad", "");
    if (bad == "word") bytes[3] = 'O';
    if (bad == "short") {
      bytes[0] = '\x95';
      bytes.pop_back();
    }
    return bytes;
  }

  Arena arena_;
  Json ping_;
  std::string salt_;
  std::optional<Helo> helo_;
  std::string answer_;
};

TEST(ForwardOracle, In) {
  oracle::Run("forward", [](const oracle::Case& one) -> std::string {
    if (one.data["input"]["side"] != "in_forward") return "";
    Conversation conversation;
    return conversation.Hold(one);
  });
}

}  // namespace
}  // namespace tailrace::forward
