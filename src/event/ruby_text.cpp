// SPDX-License-Identifier: Apache-2.0
#include "event/ruby_text.h"

#include <oniguruma.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "event/json.h"
#include "event/json_string.h"
#include "event/value.h"

namespace tailrace::ruby {
namespace {

constexpr int kDigitsMax = 15;  // DBL_DIG: up to here an integral Float is written out
constexpr int kZerosMax = 4;    // 0.0001 is the smallest written without an exponent

void AppendExponent(int exponent, std::string& out) {
  out += exponent < 0 ? "e-" : "e+";
  const int size = std::abs(exponent);
  if (size < 10) out += '0';
  out += std::to_string(size);
}

// The letter of a backslash escape in inspect, or 0.
char EscapeLetter(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\f':
      return 'f';
    case '\v':
      return 'v';
    case '\b':
      return 'b';
    case '\a':
      return 'a';
    case '\x1b':
      return 'e';
    default:
      return 0;
  }
}

bool IsPrintable(uint32_t code) { return ONIGENC_IS_CODE_PRINT(ONIG_ENCODING_UTF8, code) != 0; }

void AppendCode(uint32_t code, std::string& out) {
  char text[16];
  const int size = std::snprintf(text, sizeof text, code > 0xffff ? "\\u{%X}" : "\\u%04X", code);
  out.append(text, static_cast<size_t>(size));
}

}  // namespace

void AppendQuoted(std::string_view raw, std::string& out) {
  out += '"';
  for (size_t i = 0; i < raw.size();) {
    const char c = raw[i];
    const json::Utf8Char character = json::DecodeUtf8(raw.substr(i));
    const std::string_view bytes = raw.substr(i, character.size);
    i += character.size;
    if (!character.valid) {
      for (const char byte : bytes) {
        char text[8];
        std::snprintf(text, sizeof text, "\\x%02X", static_cast<unsigned char>(byte));
        out += text;
      }
    } else if (EscapeLetter(c) != 0) {
      (out += '\\') += EscapeLetter(c);
    } else if (c == '#' && i < raw.size() && (raw[i] == '{' || raw[i] == '$' || raw[i] == '@')) {
      out += "\\#";
    } else if (IsPrintable(character.code)) {
      out += bytes;
    } else {
      AppendCode(character.code, out);
    }
  }
  out += '"';
}

void AppendFloat(double number, std::string& out) {
  char text[40];
  const auto end =
      std::to_chars(text, text + sizeof text, number, std::chars_format::scientific).ptr;
  const std::string_view shortest(text, static_cast<size_t>(end - text));
  const size_t mark = shortest.find('e');
  std::string digits;
  for (const char c : shortest.substr(0, mark)) {
    if (c == '-') out += c;
    if (c >= '0' && c <= '9') digits += c;
  }
  int exponent = 0;
  const size_t sign = text[mark + 1] == '+' ? 1 : 0;  // which from_chars does not take
  std::from_chars(text + mark + 1 + sign, end, exponent);
  const int point = exponent + 1;  // where the point stands, counted in digits
  const int size = static_cast<int>(digits.size());
  if (number == 0) {
    out += "0.0";
  } else if (point > 0 && point < size) {
    out.append(digits, 0, static_cast<size_t>(point)) += '.';
    out.append(digits, static_cast<size_t>(point));
  } else if (point > 0 && point <= kDigitsMax) {
    out.append(digits).append(static_cast<size_t>(point - size), '0') += ".0";
  } else if (point <= 0 && point > -kZerosMax) {
    out.append("0.").append(static_cast<size_t>(-point), '0') += digits;
  } else {
    out.append(digits, 0, 1) += '.';
    out += size > 1 ? std::string_view(digits).substr(1) : std::string_view("0");
    AppendExponent(exponent, out);
  }
}

double OutOfRange(std::string_view number) {
  return std::strtod(std::string(number).c_str(), nullptr);
}

void AppendInspect(const Value& value, Arena& scratch, std::string& out) {
  switch (value.kind) {
    case Kind::kNull:
      out += "nil";
      return;
    case Kind::kNumber:
      if (IsInteger(value)) {
        out += value.bytes() == "-0" ? std::string_view("0") : value.bytes();
      } else {
        const double number = *ToDouble(value);
        if (std::isinf(number)) {
          out += number < 0 ? "-Infinity" : "Infinity";
        } else {
          AppendFloat(number, out);
        }
      }
      return;
    case Kind::kTime:
      out += std::to_string(TimeOf(value).sec);
      return;
    case Kind::kArray: {
      out += '[';
      bool first = true;
      json::ForEachElement(value.bytes(), [&](const Value& element) {
        if (!first) out += ", ";
        first = false;
        AppendInspect(element, scratch, out);
        return true;
      });
      out += ']';
      return;
    }
    case Kind::kObject: {
      out += '{';
      bool first = true;
      json::ForEachMember(value.bytes(), scratch, [&](const Field& member) {
        if (!first) out += ", ";
        first = false;
        AppendQuoted(member.key(), out);
        out += " => ";
        AppendInspect(member.value(), scratch, out);
        return true;
      });
      out += '}';
      return;
    }
    case Kind::kText:
    case Kind::kClean:
    case Kind::kEscaped:
      AppendQuoted(ToText(value, scratch), out);
      return;
    default:
      out += ToText(value, scratch);
      return;
  }
}

}  // namespace tailrace::ruby
