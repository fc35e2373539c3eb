// SPDX-License-Identifier: Apache-2.0
#include "observe/plugin_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "event/json.h"
#include "tailrace/health.h"
#include "text/tag_pattern.h"

namespace tailrace::observe {
namespace {

// What one plugin's metrics say, by name.
using Numbers = std::map<std::string, double, std::less<>>;

std::string_view LabelOf(const Sample& sample, std::string_view name) {
  for (const auto& [key, value] : sample.labels) {
    if (key == name) return value;
  }
  return {};
}

// Sums of each plugin's metrics; files, reasons and so on together.
std::map<std::string, Numbers, std::less<>> NumbersByPlugin(const std::vector<Sample>& samples) {
  std::map<std::string, Numbers, std::less<>> plugins;
  for (const Sample& sample : samples) {
    const std::string_view id = LabelOf(sample, "plugin_id");
    if (!id.empty()) plugins[std::string(id)][sample.name] += sample.value;
  }
  return plugins;
}

// Writes the members of one JSON object.
class Members {
 public:
  explicit Members(ByteBuffer& out) : out_(out) { out_.Append('{'); }
  void Text(std::string_view key, std::string_view value) {
    Key(key);
    json::AppendString(value, out_);
  }
  void Raw(std::string_view key, std::string_view json) {
    Key(key);
    out_.Append(json);
  }
  void Number(std::string_view key, double value) { Raw(key, fmt::format("{}", value)); }
  void End() { out_.Append('}'); }

 private:
  void Key(std::string_view key) {
    if (!first_) out_.Append(',');
    first_ = false;
    json::AppendString(key, out_);
    out_.Append(':');
  }

  ByteBuffer& out_;
  bool first_ = true;
};

struct Shown {
  std::string_view key;     // monitor_agent's
  std::string_view metric;  // ours
};
// In monitor_agent's order.
constexpr std::array<Shown, 12> kOutputNumbers = {{
    {"buffer_queue_length", "fluentd_output_status_buffer_queue_length"},
    {"buffer_total_queued_size", "fluentd_output_status_buffer_total_bytes"},
    {"retry_count", "fluentd_output_status_retry_count"},
    {"emit_records", "fluentd_output_status_emit_records"},
    {"emit_count", "fluentd_output_status_emit_count"},
    {"write_count", "fluentd_output_status_write_count"},
    {"rollback_count", "fluentd_output_status_rollback_count"},
    {"slow_flush_count", "fluentd_output_status_slow_flush_count"},
    {"flush_time_count", "fluentd_output_status_flush_time_count"},
    {"buffer_stage_length", "fluentd_output_status_buffer_stage_length"},
    {"buffer_stage_byte_size", "fluentd_output_status_buffer_stage_byte_size"},
    {"buffer_queue_byte_size", "fluentd_output_status_buffer_queue_byte_size"},
}};

double Get(const Numbers& numbers, std::string_view name) {
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0 : found->second;
}

void AppendPlugin(const PluginInfo& plugin, const Numbers& numbers, const PageOptions& options,
                  ByteBuffer& out) {
  Members members(out);
  members.Text("plugin_id", plugin.id);
  members.Text("plugin_category", plugin.category);
  members.Text("type", plugin.type);
  if (options.include_config) members.Raw("config", plugin.config_json);
  const bool output = plugin.category == "output";
  members.Raw("output_plugin", output ? "true" : "false");
  if (output && plugin.buffered) {
    for (const Shown& shown : kOutputNumbers) members.Number(shown.key, Get(numbers, shown.metric));
    members.Number("buffer_available_buffer_space_ratios",
                   Get(numbers, "fluentd_output_status_buffer_available_space_ratio"));
  } else {
    members.Raw("retry_count", "null");
    if (plugin.category == "input") {
      members.Number("emit_records", Get(numbers, "tailrace_input_events_total"));
    } else if (output) {
      members.Number("emit_records", Get(numbers, "fluentd_output_status_emit_records"));
    }
  }
  if (options.include_retry) members.Raw("retry", "{}");
  members.End();
}

bool Selected(const PluginInfo& plugin, const PluginSelection& selection) {
  if (!selection.id.empty() && plugin.id != selection.id) return false;
  if (!selection.type.empty() && plugin.type != selection.type) return false;
  return true;
}

// The plugins that are asked for. A tag asks for the one output that takes it at the top level.
std::vector<PluginInfo> Select(const PluginSelection& selection) {
  std::vector<PluginInfo> plugins = Topology::Global().Get();
  if (!selection.tag.empty()) {
    const auto takes = std::find_if(plugins.begin(), plugins.end(), [&](const PluginInfo& plugin) {
      if (plugin.category != "output" || !plugin.label.empty() || plugin.pattern.empty())
        return false;
      const auto matcher = text::TagMatcher::Compile(plugin.pattern);
      return matcher && matcher->Matches(selection.tag);
    });
    if (takes == plugins.end()) return {};
    return {*takes};
  }
  std::erase_if(plugins, [&](const PluginInfo& plugin) { return !Selected(plugin, selection); });
  return plugins;
}

}  // namespace

std::vector<std::string> PluginObjects(const PageOptions& options,
                                       const PluginSelection& selection) {
  const auto numbers = NumbersByPlugin(Metrics::Global().Collect());
  static const Numbers kNone;
  std::vector<std::string> objects;
  for (const PluginInfo& plugin : Select(selection)) {
    const auto found = numbers.find(plugin.id);
    ByteBuffer out;
    AppendPlugin(plugin, found == numbers.end() ? kNone : found->second, options, out);
    objects.emplace_back(out.view());
  }
  return objects;
}

std::string PluginsJson(const PageOptions& options, const PluginSelection& selection) {
  return fmt::format("{{\"plugins\":[{}]}}", fmt::join(PluginObjects(options, selection), ","));
}

std::string PluginsLtsv(const PageOptions& options, const PluginSelection& selection) {
  const auto numbers = NumbersByPlugin(Metrics::Global().Collect());
  std::string out;
  for (const PluginInfo& plugin : Select(selection)) {
    out += fmt::format("plugin_id:{}\tplugin_category:{}\ttype:{}\toutput_plugin:{}", plugin.id,
                       plugin.category, plugin.type, plugin.category == "output");
    const auto found = numbers.find(plugin.id);
    if (plugin.buffered && found != numbers.end()) {
      for (const Shown& shown : kOutputNumbers)
        out += fmt::format("\t{}:{}", shown.key, Get(found->second, shown.metric));
    }
    if (options.include_config) out += "\tconfig:" + plugin.config_json;
    out += '\n';
  }
  return out;
}

std::string StateJson() {
  ByteBuffer out;
  PageOptions all;
  all.include_config = false;
  out.Append(R"({"version":)");
  json::AppendString(TAILRACE_VERSION, out);
  out.Append(fmt::format(R"(,"plugins":[{}],"metrics":[)", fmt::join(PluginObjects(all, {}), ",")));
  bool first = true;
  for (const Sample& sample : Metrics::Global().Collect()) {
    if (!std::exchange(first, false)) out.Append(',');
    Members metric(out);
    metric.Text("name", sample.name);
    ByteBuffer labels;
    Members each(labels);
    for (const auto& [name, value] : sample.labels) each.Text(name, value);
    each.End();
    metric.Raw("labels", labels.view());
    metric.Number("value", sample.value);
    metric.End();
  }
  out.Append(R"(],"problems":[)");
  first = true;
  for (const Health::Problem& problem : Health::Global().Problems()) {
    if (!std::exchange(first, false)) out.Append(',');
    Members members(out);
    members.Text("part", problem.part);
    members.Text("reason", problem.reason);
    members.Number("seconds", problem.seconds);
    members.End();
  }
  out.Append("]}");
  return std::string(out.view());
}

}  // namespace tailrace::observe
