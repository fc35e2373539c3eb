// SPDX-License-Identifier: Apache-2.0
#pragma once
// An input made from its <source> section, on a real event loop and a pipeline that keeps what
// arrives; and clients that talk to it within the same thread.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/load.h"
#include "input/tail/fake_pipeline.h"
#include "net/byte_stream.h"
#include "runtime/builder.h"
#include "temp_dir.h"

namespace tailrace {

inline constexpr EventTime kTestNow{1772600767, 123456789};

// A port of 127.0.0.1 that nobody listens on now.
uint16_t FreePort();

class InputFixture : public ::testing::Test {
 protected:
  InputFixture();
  ~InputFixture() override;

  // Builds and starts it. The problems of the configuration, or why it did not start; "" if it
  // runs.
  std::string Start(const std::string& conf);
  // The end of a graceful stop.
  void Stop();
  // The agent stops and what is held comes back unsent.
  void StopUnsent();

  tail::FakePipeline pipeline_;
  TempDir folder_;

 private:
  std::optional<config::Element> root_;
  config::Problems problems_;
  std::unique_ptr<runtime::Builder> builder_;
  runtime::WorkerPlan plan_;
  Input* input_ = nullptr;
};

// A client of a TCP or unix listener. All its waiting runs the pipeline's loop.
class TestClient {
 public:
  TestClient(tail::FakePipeline& pipeline, uint16_t port);
  TestClient(tail::FakePipeline& pipeline, const std::string& unix_path);
  TestClient(tail::FakePipeline& pipeline, uint16_t port, net::TlsContext& tls,
             const std::string& host);

  bool connected() const { return stream_.is_open(); }
  // False if the peer has closed.
  bool Send(std::string_view bytes);
  // What arrives until there are so many bytes, the peer closes, or the time is over.
  std::string Receive(size_t bytes, double seconds = 2);
  // Whether the peer closes within the time; what it sends before is thrown away.
  bool Closed(double seconds = 2);
  void ShutDown() { stream_.ShutDown(); }
  void Close() { stream_.Close(); }
  const std::string& why() const { return stream_.why(); }

 private:
  tail::FakePipeline& pipeline_;
  net::ByteStream stream_;
};

// One datagram to 127.0.0.1, and what comes back within a second if `answer` is set.
std::string SendDatagram(tail::FakePipeline& pipeline, uint16_t port, std::string_view bytes,
                         bool answer = false);

}  // namespace tailrace
