// SPDX-License-Identifier: Apache-2.0
#pragma once
// The status page: the pipeline as a picture with what flows through it, what waits and what went
// wrong. One HTML document without scripts, images or other files; it asks for itself again every
// few seconds.

#include <string>

namespace tailrace::observe {

// Rates are those since the page was made last, if that was within the last minute. Any thread.
std::string StatusPage();

}  // namespace tailrace::observe
