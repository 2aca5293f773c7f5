import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;

/**
 * The topology of java-takeover.test.ts on Kafka Streams, exactly-once. Arguments: bootstrap, application id, prefix of
 * topics, state folder. Prints the topology, then "ready"; closes and leaves the group at the end of its standard input.
 */
public final class TakeOver {
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, args[3]);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        // Results on close go out by event time alone, not once a second.
        properties.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L);
        Topology topology = build(args[2]);
        System.out.println(topology.describe());
        KafkaStreams streams = new KafkaStreams(topology, properties);
        CountDownLatch ended = new CountDownLatch(1);
        streams.setStateListener((state, previous) -> {
            if (state == KafkaStreams.State.RUNNING) System.out.println("ready");
            if (state == KafkaStreams.State.ERROR) Runtime.getRuntime().halt(1);
        });
        Thread input = new Thread(() -> {
            try {
                while (System.in.read() >= 0) { }
            } catch (java.io.IOException closed) {
                // A broken pipe ends the program as an end of input does.
            }
            ended.countDown();
        });
        input.setDaemon(true);
        input.start();
        streams.start();
        ended.await();
        streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
            .withTimeout(Duration.ofSeconds(30)));
    }

    private static Topology build(String prefix) {
        StreamsBuilder builder = new StreamsBuilder();
        Serde<String> text = Serdes.String();
        KStream<String, String> clicks = builder.stream(prefix + "clicks");
        clicks.groupByKey().count().toStream().to(prefix + "counted", Produced.with(text, Serdes.Long()));
        clicks.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(500), Duration.ofMillis(300)))
            .count()
            .toStream()
            .to(prefix + "tumbled", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 500), Serdes.Long()));
        clicks.groupByKey()
            .windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(90), Duration.ofMillis(300)))
            .count()
            .toStream()
            .to(prefix + "sessions", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
        KTable<String, String> names = builder.table(prefix + "names");
        KTable<String, String> towns = builder.table(prefix + "towns");
        names.leftJoin(towns, (name, town) -> name + "@" + town).toStream().to(prefix + "people");
        KTable<String, String> orders = builder.table(prefix + "orders");
        orders.join(names, order -> order.substring(order.indexOf('|') + 1), (order, name) -> order + "/" + name)
            .toStream()
            .to(prefix + "ordered");
        clicks.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(500), Duration.ofMillis(300)))
            .emitStrategy(EmitStrategy.onWindowClose())
            .count()
            .toStream()
            .to(prefix + "closed", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 500), Serdes.Long()));
        clicks.groupByKey()
            .windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(90), Duration.ofMillis(300)))
            .emitStrategy(EmitStrategy.onWindowClose())
            .count()
            .toStream()
            .to(prefix + "ended", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
        return builder.build();
    }
}
