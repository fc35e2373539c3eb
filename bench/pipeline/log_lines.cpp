// SPDX-License-Identifier: Apache-2.0
#include "log_lines.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstring>

namespace tailrace::bench {
namespace {

constexpr std::array<std::string_view, 8> kLoggers = {
    "signaling.session", "http.access", "media.relay", "auth.token",
    "room.registry",     "billing.api", "push.worker", "storage.blob"};
constexpr std::array<std::string_view, 8> kMessages = {
    "WebRTC connection established", "request completed",
    "ICE candidate pair selected",   "session token refreshed",
    "participant joined the room",   "invoice stored in the ledger",
    "push notification queued",      "upload of the recording finished"};
constexpr std::array<std::string_view, 4> kMethods = {"GET", "POST", "PUT", "DELETE"};
constexpr std::array<std::string_view, 6> kPaths = {"/v1/sessions/", "/v1/rooms/",
                                                    "/v1/users/",    "/v2/recordings/",
                                                    "/v1/invoices/", "/internal/metrics/"};
constexpr std::array<std::string_view, 4> kAgents = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
    "EchoClient/4.2.1 (iPhone; iOS 17.5)", "kube-probe/1.30"};
constexpr std::array<std::string_view, 5> kFrames = {
    "\tat com.echo.rooms.RoomRegistry.lookup(RoomRegistry.java:",
    "\tat com.echo.http.Dispatcher.dispatch(Dispatcher.java:",
    "\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:",
    "\tat io.netty.channel.AbstractChannelHandlerContext.invokeChannelRead("
    "AbstractChannelHandlerContext.java:",
    "\tat com.echo.media.RelayAllocator.allocate(RelayAllocator.java:"};

void AppendNumber(std::string& out, std::int64_t value, int width = 0) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  for (auto length = end - digits; length < width; ++length) out += '0';
  out.append(digits, end);
}

void AppendHex(std::string& out, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) out += "0123456789abcdef"[(value >> (4 * i)) & 15];
}

struct Clock {
  std::chrono::year_month_day date;
  std::int64_t second_of_day;
  std::int64_t nanosecond;
};

Clock Split(std::int64_t time_ns) {
  const std::int64_t seconds = time_ns / 1'000'000'000;
  const std::chrono::sys_days day{std::chrono::days{seconds / 86'400}};
  return {std::chrono::year_month_day{day}, seconds % 86'400, time_ns % 1'000'000'000};
}

void AppendTimeOfDay(std::string& out, const Clock& clock) {
  AppendNumber(out, clock.second_of_day / 3600, 2);
  out += ':';
  AppendNumber(out, clock.second_of_day / 60 % 60, 2);
  out += ':';
  AppendNumber(out, clock.second_of_day % 60, 2);
}

// 2024-01-15Thh:mm:ss.nnnnnnnnnZ, or with another separator and fewer digits for services.
void AppendTime(std::string& out, std::int64_t time_ns, char separator, char point, int digits) {
  const Clock clock = Split(time_ns);
  AppendNumber(out, static_cast<int>(clock.date.year()), 4);
  out += '-';
  AppendNumber(out, static_cast<unsigned>(clock.date.month()), 2);
  out += '-';
  AppendNumber(out, static_cast<unsigned>(clock.date.day()), 2);
  out += separator;
  AppendTimeOfDay(out, clock);
  out += point;
  std::string fraction;
  AppendNumber(fraction, clock.nanosecond, 9);
  out.append(fraction, 0, static_cast<std::size_t>(digits));
}

// 15/Jan/2024:10:30:00 +0000
void AppendCommonLogTime(std::string& out, std::int64_t time_ns) {
  constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const Clock clock = Split(time_ns);
  AppendNumber(out, static_cast<unsigned>(clock.date.day()), 2);
  out += '/';
  out.append(kMonths + 3 * (static_cast<unsigned>(clock.date.month()) - 1), 3);
  out += '/';
  AppendNumber(out, static_cast<int>(clock.date.year()), 4);
  out += ':';
  AppendTimeOfDay(out, clock);
  out += " +0000";
}

}  // namespace

std::uint64_t Random::Next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

LogSource::LogSource(Kind kind, std::uint32_t number, std::uint64_t seed)
    : kind_(kind), number_(number), random_(seed * 1'000'003 + number) {}

void LogSource::AppendSequence(std::string& out) {
  out += 'c';
  AppendNumber(out, number_);
  out += ':';
  AppendNumber(out, static_cast<std::int64_t>(totals_.events));
}

void LogSource::AppendEvent(std::string& out, std::int64_t time_ns, bool stamp) {
  const std::size_t before = out.size();
  message_.clear();
  const std::string_view stream = random_.Percent(10) ? "stderr" : "stdout";
  if (kind_ == Kind::kNginx) {
    AppendNginx(out, time_ns);
    ++totals_.lines;
  } else if (kind_ == Kind::kStack) {
    AppendStackTrace(out, time_ns, stream);
  } else {
    if (random_.Percent(3)) {
      AppendText(message_);
    } else if (kind_ == Kind::kWide) {
      AppendWideJson(message_, time_ns);
    } else {
      AppendJson(message_, time_ns, stamp);
    }
    AppendCri(out, time_ns, stream, random_.Percent(2));
  }
  ++totals_.events;
  totals_.bytes += out.size() - before;
}

void LogSource::AppendMessage(std::string& out) {
  out += kMessages[random_.Below(kMessages.size())];
  switch (random_.Below(40)) {
    case 0:  // things that a redacting filter must find
      out += " for ann.lee+";
      AppendNumber(out, random_.Below(1000));
      out += "@example.com from 203.0.113.";
      AppendNumber(out, random_.Below(256));
      break;
    case 1:
      out += " with card 4111 1111 1111 1111 authorised";
      break;
    case 2:  // an escape and text outside ASCII
      out += " in \\\"Caf\xc3\xa9 M\xc3\xbcller\\\" \xe2\x9c\x93";
      break;
    default:
      out += " after ";
      AppendNumber(out, random_.Below(900));
      out += " ms";
  }
}

void LogSource::AppendJson(std::string& out, std::int64_t time_ns, bool stamp) {
  constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};
  constexpr std::array<int, 6> kStatus = {200, 200, 201, 204, 404, 503};
  out += "{\"time\":\"";
  AppendTime(out, time_ns, 'T', '.', 6);
  out += "Z\",\"level\":\"";
  const std::uint32_t level = random_.Below(100);
  out += kLevels[level < 15 ? 0 : level < 90 ? 1 : level < 97 ? 2 : 3];
  out += "\",\"logger\":\"";
  out += kLoggers[random_.Below(kLoggers.size())];
  out += "\",\"message\":\"";
  AppendMessage(out);
  out += "\",\"seq\":\"";
  AppendSequence(out);
  if (stamp) {
    out += "\",\"sent_ns\":";
    AppendNumber(out, time_ns);
    out += ",\"trace_id\":\"";
  } else {
    out += "\",\"trace_id\":\"";
  }
  AppendHex(out, random_.Next(), 16);
  AppendHex(out, random_.Next(), 16);
  out += "\",\"span_id\":\"";
  AppendHex(out, random_.Next(), 16);
  out += "\",\"method\":\"";
  out += kMethods[random_.Below(kMethods.size())];
  out += "\",\"path\":\"";
  out += kPaths[random_.Below(kPaths.size())];
  AppendHex(out, random_.Next(), 12);
  out += "\",\"status\":";
  AppendNumber(out, kStatus[random_.Below(kStatus.size())]);
  out += ",\"duration_ms\":";
  AppendNumber(out, random_.Below(900));
  out += '.';
  AppendNumber(out, random_.Below(1000), 3);
  out += ",\"user_id\":\"user";
  AppendNumber(out, random_.Below(100'000));
  out += "\"}";
}

void LogSource::AppendWideJson(std::string& out, std::int64_t time_ns) {
  constexpr int kMembers = 100;
  out += "{\"time\":\"";
  AppendTime(out, time_ns, 'T', '.', 6);
  out += "Z\",\"level\":\"info\",\"message\":\"";
  AppendMessage(out);
  out += "\",\"seq\":\"";
  AppendSequence(out);
  out += '"';
  for (int i = 4; i < kMembers; ++i) {
    out += ",\"attribute_";
    AppendNumber(out, i, 2);
    if (i % 3 == 0) {
      out += "\":";
      AppendNumber(out, random_.Below(1'000'000));
    } else {
      out += "\":\"";
      AppendHex(out, random_.Next(), 12);
      out += '"';
    }
  }
  out += '}';
}

void LogSource::AppendText(std::string& out) {
  out += "INFO  pool-";
  AppendNumber(out, random_.Below(16));
  out += " connection to \"db-";
  AppendNumber(out, random_.Below(8));
  out += "\" is idle, closing it; seq=";
  AppendSequence(out);
  out += " retained=";
  AppendNumber(out, random_.Below(64));
}

void LogSource::AppendNginx(std::string& out, std::int64_t time_ns) {
  out += "10.244.";
  AppendNumber(out, random_.Below(16));
  out += '.';
  AppendNumber(out, random_.Below(256));
  out += " - ";
  if (random_.Percent(20)) {
    out += "user";
    AppendNumber(out, random_.Below(100'000));
  } else {
    out += '-';
  }
  out += " [";
  AppendCommonLogTime(out, time_ns);
  out += "] \"";
  out += kMethods[random_.Below(kMethods.size())];
  out += ' ';
  out += kPaths[random_.Below(kPaths.size())];
  AppendHex(out, random_.Next(), 8);
  out += "?seq=";
  AppendSequence(out);
  out += " HTTP/1.1\" ";
  out += random_.Percent(92) ? "200 " : "404 ";
  AppendNumber(out, random_.Below(50'000));
  out += random_.Percent(50) ? " \"https://echo.example/rooms\" \"" : " \"-\" \"";
  out += kAgents[random_.Below(kAgents.size())];
  out += "\"\n";
}

void LogSource::AppendStackTrace(std::string& out, std::int64_t time_ns, std::string_view stream) {
  const bool trace = random_.Percent(20);
  AppendTime(message_, time_ns, ' ', ',', 3);
  message_ += trace ? " ERROR [exec-" : " INFO [exec-";
  AppendNumber(message_, random_.Below(32));
  message_ += "] com.echo.rooms.RoomService - ";
  message_ += kMessages[random_.Below(kMessages.size())];
  message_ += " seq=";
  AppendSequence(message_);
  AppendCriLine(out, time_ns, stream, 'F', message_);
  if (!trace) return;
  AppendCriLine(out, time_ns, stream, 'F',
                "java.lang.IllegalStateException: room is closed (state=DRAINING)");
  for (std::uint32_t left = 4 + random_.Below(16); left > 0; --left) {
    message_.assign(kFrames[random_.Below(kFrames.size())]);
    AppendNumber(message_, random_.Below(900));
    message_ += ')';
    AppendCriLine(out, time_ns, stream, 'F', message_);
  }
  if (!random_.Percent(30)) return;
  AppendCriLine(out, time_ns, stream, 'F', "Caused by: java.io.IOException: connection reset");
  AppendCriLine(out, time_ns, stream, 'F', "\t... 12 more");
}

void LogSource::AppendCri(std::string& out, std::int64_t time_ns, std::string_view stream,
                          bool in_pieces) {
  std::string_view rest = message_;
  if (in_pieces) {  // a runtime cuts at a byte count, so also within a character
    for (std::uint32_t cuts = 1 + random_.Below(3); cuts > 0 && rest.size() > 1; --cuts) {
      const std::size_t length = 1 + random_.Below(static_cast<std::uint32_t>(rest.size() - 1));
      AppendCriLine(out, time_ns, stream, 'P', rest.substr(0, length));
      rest.remove_prefix(length);
    }
  }
  AppendCriLine(out, time_ns, stream, 'F', rest);
}

void LogSource::AppendCriLine(std::string& out, std::int64_t time_ns, std::string_view stream,
                              char tag, std::string_view text) {
  AppendTime(out, time_ns, 'T', '.', 9);
  out += "Z ";
  out += stream;
  out += ' ';
  out += tag;
  out += ' ';
  out += text;
  out += '\n';
  ++totals_.lines;
}

}  // namespace tailrace::bench
