// SPDX-License-Identifier: Apache-2.0
// Recorded behaviour of Fluentd's filters and direct outputs, through the code of `tailrace
// filter`.

#include "oracle/oracle.h"

#include <gtest/gtest.h>

#include <regex>

#include "command/filter.h"
#include "config/load.h"
#include "plugins.h"

namespace tailrace {
namespace {

using oracle::Json;

// A recorded event in the form that is printed.
Json Plain(const Json& event, const Json& now) {
  Json plain;
  plain["tag"] = event["tag"];
  plain["time"] = event["time"] == "now" ? now : event["time"];
  plain["record"] = event["record"];
  // A Time object within a record is a time for us.
  for (Json& value : plain["record"]) {
    if (value.is_object() && value.value("$ruby", "") == "Time") {
      const Json at = value["at"];
      value = Json{{"$time", at}};
    }
  }
  return plain;
}

// The table of plugins has all that the case names.
bool Covered(const std::string& conf) {
  static const std::regex type("@type\\s+(\\S+)");
  for (std::sregex_iterator found(conf.begin(), conf.end(), type), end; found != end; ++found) {
    const std::string name = (*found)[1];
    bool known = name == "oracle_sink";
    for (const PluginKind kind :
         {PluginKind::kParser, PluginKind::kFilter, PluginKind::kFormatter, PluginKind::kOutput}) {
      known = known || FindPlugin(kind, name) != nullptr;
    }
    if (!known) return false;
  }
  return true;
}

struct Outcome {
  Json events = Json::array();
  Json errors = Json::array();
};

void Add(const std::vector<command::FilterSession::Event>& from, Json& events, Json& errors) {
  for (const auto& event : from) {
    Json json = Json::parse(event.json);
    json.erase("error");
    if (event.error.empty()) {
      if (!event.sink.empty()) json["sink"] = event.sink;
      events.push_back(std::move(json));
    } else {
      errors.push_back(std::move(json));
    }
  }
}

// Whether `got` is what was recorded; the order of keys is free here.
bool Same(const Json& wanted, const Outcome& got, const Json& now) {
  const auto list = [&wanted, &now](const char* key) {
    Json plain = Json::array();
    if (!wanted.contains(key)) return plain;
    for (const Json& event : wanted[key]) {
      Json one_event = Plain(event, now);
      if (event.contains("sink")) one_event["sink"] = event["sink"];
      plain.push_back(std::move(one_event));
    }
    return plain;
  };
  using Unordered = nlohmann::json;
  const auto same = [](const Json& a, const Json& b) {
    return Unordered::parse(a.dump()) == Unordered::parse(b.dump());
  };
  return same(list("events"), got.events) && same(list("errors"), got.errors);
}

std::string Differs(const oracle::Case& one) {
  const Json& input = one.data["input"];
  const Json& expect = one.data["expect"];
  if (input.contains("kube_api")) return {};  // tests/filter/kubernetes_metadata_test.cpp
  const std::string conf = one.data["conf"];
  if (!Covered(conf)) {
    std::printf("not covered yet: %s (%s)\n", one.id.c_str(), one.about.c_str());
    return {};
  }
  config::LoadOptions load;
  load.hostname = input.value("hostname", "oracle-host");
  if (input.contains("now")) load.now_seconds = input["now"][0].get<int64_t>();
  config::Problems problems;
  config::Loaded loaded =
      config::LoadText(one.data["conf"].get<std::string>(), "case.conf", load, &problems);
  runtime::BuildOptions options;
  options.hostname = load.hostname;
  const EventTime now{input["now"][0].get<int64_t>(), input["now"][1].get<int32_t>()};
  options.clock = [now] { return now; };
  setenv("TZ", input.value("tz", "UTC").c_str(), 1);
  tzset();
  command::FilterSession session(loaded.root, options, "", problems);
  // The recorder added a last <match **> where the case has no collectors of its own.
  for (const config::Element* match : loaded.root.Sections("match")) {
    if (match->Type() == "oracle_sink") session.DropUnmatched();
  }
  const bool refused = expect.contains("config_error") || expect.contains("error");
  if (problems.HasErrors() || refused) {
    if (problems.HasErrors() && refused) return {};
    return (refused ? "should be refused\n" : "refused: " + config::Format(problems)) +
           one.data["conf"].get<std::string>();
  }
  Outcome outcome, at_shutdown;
  for (const Json& event : input["events"]) {
    auto events = session.Feed(event.dump());
    if (!events) return "cannot read the event: " + events.error().message;
    Add(*events, outcome.events, outcome.errors);
  }
  Add(session.Flush(), at_shutdown.events, at_shutdown.errors);
  const auto matches = [&](const Json& wanted) {
    const Json& stopped = wanted.contains("at_shutdown") ? wanted["at_shutdown"] : Json::object();
    return Same(wanted, outcome, input["now"]) && Same(stopped, at_shutdown, input["now"]);
  };
  if (matches(expect)) return {};
  if (one.data.contains("also_seen") && matches(one.data["also_seen"])) return {};
  return one.data["conf"].get<std::string>() + "expected " + expect.dump() + "\ngot events " +
         outcome.events.dump() + "\n errors " + outcome.errors.dump() + "\n at shutdown: events " +
         at_shutdown.events.dump() + "\n errors " + at_shutdown.errors.dump();
}

TEST(FilterOracle, Vectors) { oracle::Run("filter", Differs); }

}  // namespace
}  // namespace tailrace
