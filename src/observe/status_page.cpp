// SPDX-License-Identifier: Apache-2.0
#include "observe/status_page.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "observe/recent_drops.h"
#include "observe/topology.h"
#include "tailrace/health.h"
#include "tailrace/metrics.h"

namespace tailrace::observe {
namespace {

constexpr std::string_view kHead = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">
<meta name="viewport" content="width=device-width"><title>tailrace</title><style>
body{font:14px/1.4 system-ui,sans-serif;margin:1.5em;color:#1d2733;background:#f6f8fa}
h1{font-size:1.3em;margin:0 0 .2em}h2{font-size:1em;margin:1.4em 0 .4em}
.state{display:inline-block;padding:.1em .6em;border-radius:.8em;color:#fff;background:#1a7f37}
.state.bad{background:#cf222e}
.lane{display:flex;align-items:stretch;gap:1.6em;background:#fff;border:1px solid #d0d7de;border-radius:6px;
padding:.8em;margin:.4em 0;overflow-x:auto}
.lane>h3{writing-mode:vertical-rl;font-size:.85em;margin:0;color:#57606a}
.stage{display:flex;flex-direction:column;gap:.5em;justify-content:center;position:relative}
.stage+.stage::before{content:"\2192";position:absolute;left:-1.3em;top:calc(50% - .7em);color:#57606a}
.node{border:1px solid #afb8c1;border-radius:5px;padding:.35em .6em;min-width:9em;background:#fbfcfd}
.node.input{border-left:4px solid #0969da}.node.filter{border-left:4px solid #8250df}
.node.output{border-left:4px solid #1a7f37}.node.bad{border-color:#cf222e;background:#fff5f5}
.node b{display:block}.node small{color:#57606a;display:block}
table{border-collapse:collapse;background:#fff}td,th{border:1px solid #d0d7de;padding:.2em .6em;text-align:left;
vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}code{word-break:break-all}
</style></head><body>
)html";

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::tm UtcTime(int64_t unix_seconds) {
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

std::string Short(double number, std::string_view unit, double base) {
  static constexpr std::string_view kPrefixes[] = {"", "k", "M", "G", "T"};
  size_t step = 0;
  while (number >= base && step + 1 < std::size(kPrefixes)) {
    number /= base;
    ++step;
  }
  return fmt::format("{:.{}f} {}{}", number, number < 10 && step > 0 ? 1 : 0, kPrefixes[step],
                     unit);
}

// The numbers of one moment: sums by plugin and metric, and those without a plugin.
struct Moment {
  std::chrono::steady_clock::time_point at;
  std::map<std::pair<std::string, std::string>, double> values;
  std::map<std::string, double> dropped;  // by reason

  double Get(const std::string& plugin, const std::string& metric) const {
    const auto found = values.find({plugin, metric});
    return found == values.end() ? 0 : found->second;
  }
};

Moment Now() {
  Moment moment;
  moment.at = std::chrono::steady_clock::now();
  for (const Sample& sample : Metrics::Global().Collect()) {
    std::string plugin, reason;
    for (const auto& [name, value] : sample.labels) {
      if (name == "plugin_id") plugin = value;
      if (name == "reason") reason = value;
    }
    moment.values[{plugin, sample.name}] += sample.value;
    if (sample.name == "tailrace_events_dropped_total") moment.dropped[reason] += sample.value;
  }
  return moment;
}

// Pairs each page with the one before it.
std::pair<Moment, Moment> TakeMoments() {
  static std::mutex mutex;
  static Moment last;
  const std::lock_guard lock(mutex);
  Moment now = Now();
  Moment before = std::exchange(last, now);
  if (before.values.empty() || now.at - before.at > std::chrono::minutes(1)) before = now;
  return {std::move(before), std::move(now)};
}

class Page {
 public:
  Page() : plugins_(Topology::Global().Get()), problems_(Health::Global().Problems()) {
    std::tie(before_, now_) = TakeMoments();
  }

  std::string Html() {
    out_ = kHead;
    Heading();
    for (const std::string& label : Labels()) Lane(label);
    Problems();
    Dropped();
    out_ += "</body></html>\n";
    return std::move(out_);
  }

 private:
  double Rate(const std::string& plugin, const std::string& metric) const {
    const double seconds = std::chrono::duration<double>(now_.at - before_.at).count();
    if (seconds <= 0) return 0;
    return (now_.Get(plugin, metric) - before_.Get(plugin, metric)) / seconds;
  }

  void Heading() {
    const bool ready = problems_.empty();
    out_ += fmt::format(
        "<h1>tailrace {} <span class=\"state{}\">{}</span></h1>\n<p>{} read, {} delivered, {} "
        "lost; {} "
        "waiting</p>\n",
        TAILRACE_VERSION, ready ? "" : " bad", ready ? "ready" : "not ready",
        Short(Rate("", "tailrace_events_read_total"), "events/s", 1000),
        Short(Sum("tailrace_output_delivered_events_total"), "events", 1000),
        Short(Sum("tailrace_input_lost_bytes_total"), "B", 1024),
        Short(Sum("tailrace_tail_lag_bytes"), "B", 1024));
  }

  double Sum(const std::string& metric) const {
    double sum = 0;
    for (const auto& [key, value] : now_.values) {
      if (key.second == metric) sum += value;
    }
    return sum;
  }

  // The top level first, then labels in the order of the configuration.
  std::vector<std::string> Labels() const {
    std::vector<std::string> labels = {""};
    for (const PluginInfo& plugin : plugins_) {
      if (std::find(labels.begin(), labels.end(), plugin.label) == labels.end())
        labels.push_back(plugin.label);
    }
    return labels;
  }

  void Lane(const std::string& label) {
    out_ += fmt::format("<section class=\"lane\"><h3>{}</h3>",
                        label.empty() ? "top level" : Escaped(label));
    Stage(label, "input");
    for (const PluginInfo& plugin : plugins_) {
      if (plugin.label != label || plugin.category != "filter") continue;
      out_ += "<div class=\"stage\">";
      Node(plugin);
      out_ += "</div>";
    }
    Stage(label, "output");
    out_ += "</section>\n";
  }

  // All inputs, or all outputs, of a lane stand in one column.
  void Stage(const std::string& label, std::string_view category) {
    std::string before = std::exchange(out_, {});
    for (const PluginInfo& plugin : plugins_) {
      const bool here = category == "input" && !plugin.targets.empty()
                            ? plugin.targets.front() == label
                            : plugin.label == label;
      if (here && plugin.category == category) Node(plugin);
    }
    std::string nodes = std::exchange(out_, std::move(before));
    if (!nodes.empty()) out_ += "<div class=\"stage\">" + nodes + "</div>";
  }

  void Node(const PluginInfo& plugin) {
    const bool bad = std::any_of(problems_.begin(), problems_.end(), [&](const auto& problem) {
      return problem.part == plugin.category + " " + plugin.id;
    });
    out_ += fmt::format("<div class=\"node {}{}\"><b>{}</b>", plugin.category, bad ? " bad" : "",
                        Escaped(plugin.type));
    const std::string place = plugin.parent.empty() ? plugin.pattern : "in " + plugin.parent;
    out_ += fmt::format("<small>{} {}</small>", Escaped(plugin.id), Escaped(place));
    if (plugin.category == "input") {
      Line(Short(Rate(plugin.id, "tailrace_input_events_total"), "events/s", 1000));
      Line(Short(now_.Get(plugin.id, "tailrace_tail_lag_bytes"), "B behind", 1024));
    } else if (plugin.buffered) {
      Line(Short(Rate(plugin.id, "tailrace_output_delivered_events_total"), "events/s", 1000));
      Line(Short(now_.Get(plugin.id, "fluentd_output_status_buffer_total_bytes"), "B buffered",
                 1024));
      Line(fmt::format("{:.0f} errors, {:.0f} retries",
                       now_.Get(plugin.id, "fluentd_output_status_num_errors"),
                       now_.Get(plugin.id, "fluentd_output_status_retry_count")));
    }
    for (const std::string& target : plugin.targets) Line("\xe2\x86\x92 " + Escaped(target));
    out_ += "</div>";
  }

  void Line(const std::string& text) { out_ += "<small>" + text + "</small>"; }

  void Problems() {
    if (problems_.empty()) return;
    out_ += "<h2>What is wrong</h2><table><tr><th>part</th><th>reason</th><th>for</th></tr>\n";
    for (const auto& problem : problems_)
      out_ += fmt::format("<tr><td>{}</td><td>{}</td><td class=\"n\">{:.0f} s</td></tr>\n",
                          Escaped(problem.part), Escaped(problem.reason), problem.seconds);
    out_ += "</table>\n";
  }

  void Dropped() {
    out_ +=
        "<h2>Events that left other than by "
        "delivery</h2><table><tr><th>reason</th><th>events</th></tr>\n";
    for (const auto& [reason, events] : now_.dropped)
      out_ +=
          fmt::format("<tr><td>{}</td><td class=\"n\">{:.0f}</td></tr>\n", Escaped(reason), events);
    out_ += "</table>\n";
    const auto drops = RecentDrops::Global().Get();
    if (drops.empty()) return;
    out_ +=
        "<h2>The last of "
        "them</h2><table><tr><th>time</th><th>where</th><th>reason</th><th>event</th></tr>\n";
    for (const auto& drop : drops)
      out_ +=
          fmt::format("<tr><td>{:%F %T}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>\n",
                      UtcTime(drop.unix_seconds), Escaped(drop.where), Escaped(drop.reason),
                      Escaped(drop.event));
    out_ += "</table>\n";
  }

  std::vector<PluginInfo> plugins_;
  std::vector<Health::Problem> problems_;
  Moment before_, now_;
  std::string out_;
};

}  // namespace

std::string StatusPage() { return Page().Html(); }

}  // namespace tailrace::observe
