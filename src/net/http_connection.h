// SPDX-License-Identifier: Apache-2.0
#pragma once
// One kept-alive connection over which HTTP/1.1 is spoken without libcurl's buffers: libcurl looks
// up the name, connects and does TLS, then its socket is ours. Without TLS the slices of a body go
// to the kernel as they stand (sendmsg), with TLS they go to the TLS library; either way nothing is
// copied before. Why: docs/decisions/0045-own-http-path.md. Included by http_client.cpp only; used
// by one thread, but for the multi handle's wake-up, which ends a wait.

#include <curl/curl.h>

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "net/curl_parts.h"
#include "net/http_answer.h"

namespace tailrace::net {

class HttpConnection {
 public:
  using Clock = std::chrono::steady_clock;

  // `easy` is set up with everything that connecting needs, and CURLOPT_CONNECT_ONLY; both handles
  // outlive this.
  HttpConnection(CURLM* multi, CURL* easy, bool tls) : multi_(multi), easy_(easy), tls_(tls) {}
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  ~HttpConnection() { Close(); }

  bool open() const { return socket_ != CURL_SOCKET_BAD; }
  // True if the open connection can still be used: the server has not ended it, nothing that nobody
  // asked for has come, and it is not so old that something between may have forgotten it.
  bool Alive();
  // libcurl has connected: takes the socket over. False if there is none.
  bool TakeOver();
  // Ends the connection.
  void Close();

  enum class Io : uint8_t { kDone, kAgain, kEnded };
  // Sends from the front of `slices`, as much as goes without waiting. kDone: all has gone.
  Io Send(std::span<std::string_view> slices);
  // Receives what is there. kDone: `received()` holds bytes, valid until the next call.
  Io Receive();
  std::string_view received() const { return received_; }
  // Waits until the socket can be read (or written, if `to_write`), the time is over or the multi
  // handle is woken.
  void Wait(bool to_write, std::chrono::milliseconds time);

  // Bytes of the present request that left, and the system's text of the last failure.
  std::size_t sent() const { return sent_; }
  const std::string& problem() const { return problem_; }
  void BeginRequest();

 private:
  Io SendPlain(std::span<std::string_view> slices);
  Io SendTls(std::span<std::string_view> slices);
  Io Failed(std::string_view verb, int error);

  CURLM* multi_;
  CURL* easy_;
  bool tls_;
  curl_socket_t socket_ = CURL_SOCKET_BAD;
  Clock::time_point used_;
  std::size_t sent_ = 0;
  std::string problem_;
  std::string buffer_;  // for what is received
  std::string_view received_;
};

}  // namespace tailrace::net
