// SPDX-License-Identifier: Apache-2.0
#pragma once
// The YAML form of the configuration (Fluentd 1.16).

#include <memory>

#include "config/element.h"
#include "config/evaluator.h"
#include "config/problems.h"
#include "config/v1_parser.h"

namespace tailrace::config {

// Parses a file into `into`: a map with `system` and `config`, or, where it is included, also a
// bare list of what stands under `config`. Reports problems, never throws.
void ParseYaml(std::shared_ptr<const SourceFile> file, bool included, RubyEvaluator* evaluator,
               Includer* includer, Problems* problems, Element* into);

}  // namespace tailrace::config
