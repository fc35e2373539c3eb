// SPDX-License-Identifier: Apache-2.0
// Reads a Kafka topic from its beginning and compares it with what tailrace_generate wrote.
//
//   tailrace_kafka_check --brokers HOST:PORT --topic NAME --manifest FILE --events N
//                        [--timeout SECONDS]
//
// Ends when N different events were seen and the topic has been quiet for a second, or when the
// time is over. Prints one JSON object.

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "sequence_book.h"

namespace {

using tailrace::bench::FindSequence;
using tailrace::bench::SequenceBook;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  std::string brokers, topic, manifest;
  std::uint64_t events = 0;
  double timeout_s = 120;
};

[[noreturn]] void Usage() {
  std::fprintf(stderr,
               "usage: tailrace_kafka_check --brokers HOST:PORT --topic NAME --manifest FILE\n"
               "         --events N [--timeout SECONDS]\n");
  std::exit(2);
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--brokers") {
      options.brokers = value;
    } else if (name == "--topic") {
      options.topic = value;
    } else if (name == "--manifest") {
      options.manifest = value;
    } else if (name == "--events") {
      options.events = std::strtoull(value.c_str(), nullptr, 10);
    } else if (name == "--timeout") {
      options.timeout_s = std::strtod(value.c_str(), nullptr);
    } else {
      Usage();
    }
  }
  if (options.brokers.empty() || options.topic.empty()) Usage();
  return options;
}

struct Destroy {
  void operator()(rd_kafka_t* consumer) const {
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
  }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};

std::unique_ptr<rd_kafka_t, Destroy> Subscribe(const Options& options) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char error[256];
  const std::string group =
      "check-" + std::to_string(SteadyClock::now().time_since_epoch().count());
  const std::pair<const char*, std::string> settings[] = {{"bootstrap.servers", options.brokers},
                                                          {"group.id", group},
                                                          {"auto.offset.reset", "earliest"},
                                                          {"enable.auto.commit", "false"}};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) {
      throw std::runtime_error(error);
    }
  }
  std::unique_ptr<rd_kafka_t, Destroy> consumer(
      rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error));
  if (!consumer) throw std::runtime_error(error);
  rd_kafka_poll_set_consumer(consumer.get());
  const std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy> topics(
      rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), options.topic.c_str(), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t result = rd_kafka_subscribe(consumer.get(), topics.get());
  if (result != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(result));
  return consumer;
}

int Run(const Options& options) {
  const auto consumer = Subscribe(options);
  SequenceBook book;
  const auto start = SteadyClock::now();
  auto last = start;
  const auto seconds = [](SteadyClock::time_point since) {
    return std::chrono::duration<double>(SteadyClock::now() - since).count();
  };
  while (seconds(start) < options.timeout_s &&
         (book.unique() < options.events || seconds(last) < 1)) {
    const std::unique_ptr<rd_kafka_message_t, Destroy> message(
        rd_kafka_consumer_poll(consumer.get(), 100));
    if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    last = SteadyClock::now();
    const auto sequence = FindSequence({static_cast<const char*>(message->payload), message->len});
    if (sequence) {
      book.Note(*sequence);
    } else {
      book.NoteUnknown();
    }
  }
  std::printf("{\"topic\":\"%s\"%s%s}\n", options.topic.c_str(), book.Counts().c_str(),
              book.Compare(options.manifest).c_str());
  return book.unique() >= options.events ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(ParseOptions(argc, argv));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tailrace_kafka_check: %s\n", e.what());
    return 3;
  }
}
