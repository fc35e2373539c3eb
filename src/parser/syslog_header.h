// SPDX-License-Identifier: Apache-2.0
#pragma once
// The parts of a syslog message behind its time, taken apart by hand. Sources: RFC 3164, RFC 5424,
// and the expressions of Fluentd's parser, which these functions follow character by character.

#include <string_view>

namespace tailrace::parser {

// The digits of `<13>` at the beginning, at most three; empty if there is none.
std::string_view SyslogPriority(std::string_view text);
// Skips the version, one to three digits, and the blank behind it.
bool SkipSyslogVersion(std::string_view text, size_t* at);
// A priority and a version that is not 0.
bool LooksLikeRfc5424(std::string_view text);

// host ident[pid]: message. Any text with a blank in it is of this form; `pid` has no data where
// there is none. Same as:
//   (?<host>[^ ]*) (?<ident>[^ :\[]*)(?:\[(?<pid>[0-9]+)\])?(?:[^\:]*\:)? *(?<message>.*)$
struct Syslog3164 {
  std::string_view host, ident, pid, message;
};
bool SplitSyslog3164(std::string_view text, Syslog3164* out);

// host ident pid msgid extradata[ message]. False for what may still match the expression, but not
// from the first character on.
struct Syslog5424 {
  std::string_view host, ident, pid, msgid, extradata, message;
};
bool SplitSyslog5424(std::string_view text, Syslog5424* out);

}  // namespace tailrace::parser
