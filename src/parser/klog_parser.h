// SPDX-License-Identifier: Apache-2.0
#pragma once
// The kubernetes and multiline_kubernetes parsers: klog's format, its expression and its time
// format fixed, as the plugins of fluentd-kubernetes-daemonset have it.

#include "parser/klog.h"
#include "parser/regexp.h"

namespace tailrace::parser {

struct KlogParams : ParserParams {
  KlogParams() { time_key = "time"; }
  static const Schema<KlogParams>& schema();
};

class KlogParser : public LineParser {
 public:
  using Params = KlogParams;

  KlogParser(Params params, PluginEnv& env);
  ParseStatus Parse(const Line& line, Batch& batch) override;

 private:
  LineRegex regex_;
  std::optional<NamedCaptures> captures_of_;
  text::Captures captures_;
};

}  // namespace tailrace::parser
