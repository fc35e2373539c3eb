// SPDX-License-Identifier: Apache-2.0
#include "observe/exposition.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

namespace tailrace::observe {
namespace {

constexpr std::string_view kTotal = "_total";

bool EndsInTotal(std::string_view name) { return name.ends_with(kTotal); }

std::string_view TypeName(const Sample& sample) {
  switch (sample.type) {
    case MetricType::kCounter:
      return EndsInTotal(sample.name) ? "counter" : "gauge";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kSummary:
      return "summary";
  }
  return "gauge";
}

void AppendEscaped(std::string_view text, bool quotes, std::string& out) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void AppendValue(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

void AppendSample(const Sample& sample, std::string& out) {
  out += sample.name;
  char separator = '{';
  for (const auto& [name, value] : sample.labels) {
    out += separator;
    out += name;
    out += "=\"";
    AppendEscaped(value, true, out);
    out += '"';
    separator = ',';
  }
  if (separator == ',') out += '}';
  out += ' ';
  AppendValue(sample.value, out);
  out += '\n';
}

}  // namespace

ExpositionFormat FormatFor(std::string_view accept) {
  return accept.find("application/openmetrics-text") != std::string_view::npos
             ? ExpositionFormat::kOpenMetrics
             : ExpositionFormat::kText;
}

std::string_view ContentType(ExpositionFormat format) {
  return format == ExpositionFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string Exposition(const std::vector<Sample>& samples, ExpositionFormat format) {
  // Both formats want the samples of a family together.
  std::map<std::string_view, std::vector<const Sample*>> families;
  for (const Sample& sample : samples)
    families[sample.family.empty() ? sample.name : sample.family].push_back(&sample);
  const bool open = format == ExpositionFormat::kOpenMetrics;
  std::string out;
  for (const auto& [family, members] : families) {
    const Sample& first = *members.front();
    const std::string_view type = TypeName(first);
    std::string_view name = family;
    if (open && type == "counter") name.remove_suffix(kTotal.size());
    out.append("# HELP ").append(name).append(" ");
    AppendEscaped(first.help, open, out);
    out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
    for (const Sample* sample : members) AppendSample(*sample, out);
  }
  if (open) out += "# EOF\n";
  return out;
}

}  // namespace tailrace::observe
