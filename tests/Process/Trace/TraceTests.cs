// The trace format: reading, writing, making.
using System.Text;
using HotStandby.Lab.Trace;

namespace HotStandby.Tests.Process.Trace;

public sealed class TraceTests
{
    private const string Line = """{"timestamp": 27, "input_length": 1024, "output_length": 3, "hash_ids": [0, 46]}""";

    [Fact]
    public void A_line_is_read_whatever_the_order_spacing_and_extra_fields()
    {
        var request = Assert.Single(
            Read("""  {"hash_ids":[5,  6],"extra":{"timestamp":[1]},"output_length":7,"timestamp":9,"input_length":8} """));
        Assert.Equal((9, 8, 7), (request.TimestampMilliseconds, request.InputTokens, request.OutputTokens));
        Assert.Equal([5, 6], request.HashIds);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Lines_end_either_way_and_the_last_needs_no_end(string end)
    {
        Assert.Equal(2, Read(Line + end + Line).Count);
        Assert.Equal(2, Read("\uFEFF" + Line + end + end + Line + end).Count);
        Assert.Empty(Read(""));
    }

    [Theory]
    [InlineData("""{"timestamp": 1, "input_length": 2, "output_length": 3}""", "hash_ids is missing")]
    [InlineData("""{"input_length": 2, "hash_ids": []}""", "timestamp is missing")]
    [InlineData(
        """{"timestamp": -1, "input_length": 2, "output_length": 3, "hash_ids": []}""", "timestamp must be a whole number, 0 or more")]
    [InlineData(
        """{"timestamp": 1.5, "input_length": 2, "output_length": 3, "hash_ids": []}""", "timestamp must be a whole number, 0 or more")]
    [InlineData(
        """{"timestamp": 1, "input_length": "2", "output_length": 3, "hash_ids": []}""", "input_length must be a whole number, 0 or more")]
    [InlineData("""{"timestamp": 1, "input_length": 2, "output_length": 3, "hash_ids": 4}""", "hash_ids must be an array")]
    [InlineData(
        """{"timestamp": 1, "input_length": 2, "output_length": 3, "hash_ids": [1, null]}""", "hash_ids must be a whole number, 0 or more")]
    [InlineData("""{"timestamp": 1, "timestamp": 2, "input_length": 2, "output_length": 3, "hash_ids": []}""", "timestamp occurs twice")]
    [InlineData("""{"timestamp": 1, "input_length": 2, "output_length": 3, "hash_ids": []} x""", "not valid JSON at byte 73")]
    [InlineData("""{"timestamp": 1, "input_le""", "not valid JSON")]
    [InlineData("[1, 2]", "must be a JSON object")]
    [InlineData("timestamp,input_length", "not valid JSON at byte 2")]
    public void A_broken_line_is_named_by_its_number_and_what_is_wrong(string broken, string reason)
    {
        var read = new List<TraceRequest>();
        var error = Assert.Throws<TraceFormatException>(() =>
        {
            foreach (var request in TraceReader.Read(Bytes($"{Line}\n\n{broken}\n{Line}\n")))
                read.Add(request);
        });
        Assert.Equal(3, error.Line);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
        Assert.StartsWith("line 3: ", error.Message, StringComparison.Ordinal);
        Assert.Single(read);
    }

    [Fact]
    public void A_line_may_be_longer_than_any_buffer_but_not_endless()
    {
        var ids = string.Join(',', Enumerable.Range(0, 100_000));
        var requests = Read($$"""{"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[{{ids}}]}""" + "\n" + Line);
        Assert.Equal(100_000, requests[0].HashIds.Length);
        Assert.Equal([0, 46], requests[1].HashIds);
        Assert.Contains("longer than", Assert.Throws<TraceFormatException>(() =>
            Read(new string(' ', TraceReader.MaximumLineBytes + 1))).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_that_gives_few_bytes_at_a_time_reads_the_same()
    {
        var text = Text(TraceGenerator.Generate(50, 7));
        using var trickle = new Trickle(Encoding.UTF8.GetBytes(text));
        Assert.Equal(text, Text(TraceReader.Read(trickle)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(ulong.MaxValue)]
    public void What_is_generated_reads_back_the_same(ulong seed)
    {
        var text = Text(TraceGenerator.Generate(300, seed));
        Assert.Equal(300, Read(text).Count);
        Assert.Equal(text, Text(Read(text)));
    }

    [Fact]
    public void The_seed_decides_everything()
    {
        Assert.Equal(Text(TraceGenerator.Generate(300, 5)), Text(TraceGenerator.Generate(300, 5)));
        Assert.NotEqual(Text(TraceGenerator.Generate(300, 5)), Text(TraceGenerator.Generate(300, 6)));
        Assert.StartsWith(Text(TraceGenerator.Generate(100, 5)), Text(TraceGenerator.Generate(300, 5)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(300)]
    public void A_generated_trace_looks_like_a_service_that_is_talked_to(ulong seed)
    {
        var requests = TraceGenerator.Generate(4000, seed).ToArray();
        var seen = new HashSet<ulong>();
        var (hits, blocks) = (0, 0);
        foreach (var request in requests)
        {
            blocks += request.HashIds.Length;
            hits += request.HashIds.Count(id => !seen.Add(id));
            Assert.Equal(request.HashIds.Length, request.HashIds.Distinct().Count());
            Assert.InRange(request.InputTokens, ((request.HashIds.Length - 1) * 512) + 1, request.HashIds.Length * 512);
            Assert.True(request.OutputTokens > 0);
        }
        Assert.True(requests.Zip(requests.Skip(1)).All(pair => pair.First.TimestampMilliseconds <= pair.Second.TimestampMilliseconds));
        Assert.InRange((double)hits / blocks, 0.25, 0.65);
        Assert.InRange((double)blocks / requests.Length, 10, 60);
    }

    [Fact]
    public void A_missing_file_is_reported_as_such() =>
        Assert.Throws<FileNotFoundException>(
            () => TraceReader.ReadFile(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString())).ToList());

    private static List<TraceRequest> Read(string text) => [.. TraceReader.Read(Bytes(text))];

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    private static string Text(IEnumerable<TraceRequest> requests)
    {
        var writer = new StringWriter();
        TraceWriter.Write(writer, requests);
        return writer.ToString();
    }

    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 7));
    }
}
