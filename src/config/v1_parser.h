// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fluentd's configuration grammar v1.

#include <memory>
#include <string_view>

#include "config/element.h"
#include "config/evaluator.h"
#include "config/problems.h"

namespace tailrace::config {

// Whoever brings in the files that @include names.
class Includer {
 public:
  virtual ~Includer() = default;
  // Adds what the files contain to `into`. Reports problems itself.
  virtual void Include(std::string_view path, const Location& from, Element* into) = 0;
  // The same for YAML's !include, whose paths are plain paths and no URIs.
  virtual void IncludeYaml(std::string_view path, const Location& from, Element* into) = 0;
};

// Parses a file into `into` (the root, or the section that includes the file). Errors are added to
// `problems`, and parsing goes on with the next line, so that one run shows them all.
// `evaluator` may be null: embedded Ruby is then refused.
void ParseV1(std::shared_ptr<const SourceFile> file, RubyEvaluator* evaluator, Includer* includer,
             Problems* problems, Element* into);

}  // namespace tailrace::config
