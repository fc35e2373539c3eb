// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fluentd's casts from configuration text to values, and what they do that nobody expects.

#include <optional>
#include <string>
#include <string_view>

#include "config/value.h"
#include "tailrace/params.h"

namespace tailrace::config {

// The value of an attribute as the casts see it: text, nil, or a typed YAML value.
struct Attribute;
Value AttributeValue(const Attribute& attribute);

// Each returns false and sets cast.error when Fluentd would refuse the value; what Fluentd reads
// differently than a person would becomes a remark.
bool CastInteger(const Value& in, int64_t* out, params::Cast& cast);
bool CastFloat(const Value& in, double* out, params::Cast& cast);
bool CastSize(const Value& in, int64_t* bytes, params::Cast& cast);
bool CastTime(const Value& in, double* seconds, params::Cast& cast);
// Without a value: Fluentd's nil.
bool CastBool(const Value& in, std::optional<bool>* out, params::Cast& cast);
bool CastRegexp(const Value& in, RegexpLiteral* out, params::Cast& cast);
bool CastArray(const Value& in, Array* out, params::Cast& cast);
bool CastHash(const Value& in, HashItems* out, params::Cast& cast);

// "5 MiB (5242880 bytes)", "5 h (18000 s)".
std::string SizeText(int64_t bytes);
std::string SecondsText(double seconds);

}  // namespace tailrace::config
