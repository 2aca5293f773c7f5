import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Produced;

/**
 * groupByKey, count, to on Kafka Streams: exactly-once, one stream thread, RocksDB, everything not named by an argument
 * at its default. Arguments: bootstrap, input topic, output topic, application id, state folder, commit interval in ms.
 * Prints "ready EPOCHMS" when the instance is running; closes at the end of its standard input.
 */
public final class Count {
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, args[3]);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, args[4]);
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, args[5]);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");

        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(args[1], Consumed.with(Serdes.String(), Serdes.ByteArray()))
            .groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray()))
            .count()
            .toStream()
            .to(args[2], Produced.with(Serdes.String(), Serdes.Long()));

        KafkaStreams streams = new KafkaStreams(builder.build(), properties);
        CountDownLatch ended = new CountDownLatch(1);
        streams.setStateListener((state, previous) -> {
            if (state == KafkaStreams.State.RUNNING) System.out.println("ready " + System.currentTimeMillis());
            if (state == KafkaStreams.State.ERROR) Runtime.getRuntime().halt(1);
        });
        Thread input = new Thread(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(System.in))) {
                while (reader.readLine() != null) { }
            } catch (java.io.IOException closed) {
                // A broken pipe ends the program as an end of input does.
            }
            ended.countDown();
        });
        input.setDaemon(true);
        input.start();
        streams.start();
        ended.await();
        streams.close(Duration.ofSeconds(30));
    }
}
