// The verbs as a user meets them: what they print and how they end.
using System.Text;
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Host.Commands.Operator;
using HotStandby.Lab.Commands;
using HotStandby.Lab.Replay;

namespace HotStandby.Tests.Process.Trace;

public sealed class CommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hotstandby-commands-").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly FakeMaster _master = new();
    private IReadOnlyList<string> _addresses = [];
    private string _input = "";

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("no-such-verb")]
    [InlineData("check-config")]
    [InlineData("check-config --config x -D noequals")]
    [InlineData("trace --requests 0")]
    [InlineData("trace --requests many")]
    [InlineData("replay --address 127.0.0.1:1")]
    [InlineData("replay --trace t --address nowhere")]
    [InlineData("replay --trace t --address 127.0.0.1:70000")]
    [InlineData("replay --trace t --batch 129")]
    [InlineData("replay --trace t --concurrency 0")]
    [InlineData("replay --trace t --segment-bytes 5parsecs")]
    [InlineData("replay --trace t --speed-up -1")]
    [InlineData("replay --trace t --address 127.0.0.1:0")]
    [InlineData("replay --trace t --address ::1:50051")]
    [InlineData("replay --trace t --address 127.0.0.1:1,nowhere")]
    [InlineData("replay --trace t --address etcd://")]
    [InlineData("replay --trace t --address etcd://127.0.0.1")]
    [InlineData("replay --trace t --address etcd://127.0.0.1:2379 --address 127.0.0.1:50051")]
    [InlineData("replay --trace t --address redis://127.0.0.1:6379")]
    [InlineData("replay --trace ~/trace.jsonl")]
    [InlineData("demo --trace ~/trace.jsonl")]
    [InlineData("trace --out ~/trace.jsonl")]
    [InlineData("check-config --config=~/node.conf")]
    [InlineData("run --config=~/node.conf")]
    [InlineData("oplog inspect ~/data")]
    [InlineData("oplog verify ~")]
    [InlineData("failover-report --append-to ~/report.md")]
    [InlineData("status --token-file ~/token")]
    [InlineData("status --ca ~/ca.pem")]
    [InlineData("status --certificate ~/me.pem")]
    [InlineData("status --http 127.0.0.1:65536")]
    [InlineData("status --http 127.0.0.1:0")]
    [InlineData("status --http 127.0.0.1")]
    [InlineData("status --http http://127.0.0.1:65536/")]
    [InlineData("status --http http://127.0.0.1:9003/status")]
    [InlineData("status --http http://me@127.0.0.1:9003")]
    [InlineData("status --http ftp://127.0.0.1:9003")]
    [InlineData("status --http ::1:9003")]
    [InlineData("status --http http://")]
    [InlineData("events --last abc")]
    [InlineData("events --last 0")]
    [InlineData("events --last 1001")]
    [InlineData("oplog tail --last 1.5")]
    [InlineData("verify --shard 4096")]
    [InlineData("verify --shard every")]
    [InlineData("verify inject node1 --shard -1 --fault drop-key")]
    [InlineData("verify inject node1 --shard 1 --fault nothing")]
    [InlineData("drain a --concurrency 1025 --yes")]
    [InlineData("status --http 127.0.0.1:9003,nowhere")]
    [InlineData("status --http ,")]
    [InlineData("top --interval 1ms")]
    [InlineData("top --count -1")]
    [InlineData("config diff --http 127.0.0.1:0")]
    [InlineData("put")]
    [InlineData("put a --size 0")]
    [InlineData("put a --address nowhere")]
    [InlineData("put a --segment-size 1KiB")]
    [InlineData("get a b")]
    [InlineData("keys --address etcd://")]
    [InlineData("completions tcsh")]
    [InlineData("bench remove --yes")]
    [InlineData("bench --batch 129 --yes")]
    [InlineData("bench --warm-up -1 --yes")]
    [InlineData("bench --seconds 0 --yes")]
    [InlineData("bench put")]
    public async Task A_wrong_command_line_is_a_usage_error(string line)
    {
        Assert.Equal(ExitCode.Usage, await Run(line));
        Assert.NotEmpty(_error.ToString());
    }

    [Theory]
    [InlineData("bench --batch 129 --yes", "--batch must be 1 to 128, not 129")]
    [InlineData("bench --in-flight many --yes", "--in-flight must be 1 to 4096, not many")]
    [InlineData("bench --warm-up -1 --yes", "--warm-up must be 0 to 3600, not -1")]
    [InlineData("bench putt --yes", "bench: 'putt' is none of put, get, batch-put, batch-get")]
    [InlineData("put a --size 0", "--size must be a size, 1B to 1024GiB, not 0")]
    public async Task A_usage_error_is_one_sentence(string line, string sentence)
    {
        Assert.Equal(ExitCode.Usage, await Run(line));
        Assert.Equal((sentence, ""), (_error.ToString().Trim(), _output.ToString().Trim()));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("check-config --help")]
    [InlineData("trace --help")]
    [InlineData("replay --help")]
    public async Task Help_is_no_error(string line)
    {
        Assert.Equal(ExitCode.Ok, await Run(line));
        Assert.Contains("Usage:", _output.ToString(), StringComparison.Ordinal);
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public async Task Check_config_shows_what_is_in_force_and_predicts_the_failover()
    {
        var file = Path.Combine(TestConfiguration.RepositoryRoot, "hocon", "node2.conf");
        // Few connections: a machine that allows few file descriptors would be warned of.
        Assert.Equal(ExitCode.Ok, await Run(
            "check-config", "--config", file, "-D", "hotstandby.shards=17", "-D", "hotstandby.client.max-connections=100"));
        Assert.Matches(@"hotstandby\.shards +17 +command line", _output.ToString());
        Assert.Matches(@"hotstandby\.client\.port +50052 +file", _output.ToString());
        Assert.Matches(@"total +2\.32 s", _output.ToString());
        Assert.Matches(@"connections of a client port +100", _output.ToString());
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public async Task Check_config_reports_every_error_and_ends_with_the_code_for_it()
    {
        var file = Path.Combine(_directory, "bad.conf");
        await File.WriteAllTextAsync(file, TestConfiguration.Valid + "\nhotstandby { client.port = 0\n shrads = 5 }");
        Assert.Equal(ExitCode.Configuration, await Run("check-config", "--config", file));
        Assert.Contains(
            "error: hotstandby.client.port = 0: must be a whole number, 1 to 65535", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains(
            "error: hotstandby.shrads = 5: no such setting; did you mean hotstandby.shards?", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.InputMissing, await Run("check-config", "--config", file + ".none"));
    }

    [Fact]
    public async Task A_generated_trace_replays()
    {
        var file = Path.Combine(_directory, "trace.jsonl");
        Assert.Equal(ExitCode.Ok, await Run("trace", "--requests", "200", "--seed", "9", "--out", file));
        Assert.Equal(ExitCode.Ok, await Run("replay", "--trace", file, "--address", "h1:1", "--address", "h2:2", "--segments", "3",
            "--segment-bytes", "1GiB", "--block-bytes", "2MiB"));
        Assert.Matches(@"requests +200\b", _output.ToString());
        Assert.Matches(@"misses not stored +0\b", _output.ToString());
        Assert.Matches(@"hit rate +\d+\.\d\d ?%", _output.ToString());
        Assert.Equal(["h1:1", "h2:2"], _addresses);
        Assert.Equal((3, 1UL << 30, 2UL << 20), (_master.Mounted.Count, _master.Mounted[0].SizeBytes, _master.LastSizeBytes));
        Assert.Equal(_master.Mounted.Select(segment => segment.Id), _master.Unmounted);
        Assert.True(_master.IsDisposed);
    }

    [Theory]
    [InlineData("etcd://h1:1;h2:2")]
    [InlineData("h1:1,h2:2")]
    [InlineData("h1:1")]
    public async Task Where_the_nodes_are_may_stand_in_the_environment(string addresses)
    {
        var file = Path.Combine(_directory, "trace.jsonl");
        Assert.Equal(ExitCode.Ok, await Run("trace", "--requests", "10", "--out", file));
        try
        {
            Environment.SetEnvironmentVariable(AddressOption.Variable, addresses);
            Assert.Equal(ExitCode.Ok, await Run("replay", "--trace", file));
            Assert.Equal([addresses], _addresses);
            Assert.Equal(ExitCode.Ok, await Run("replay", "--trace", file, "--address", "h3:3")); // what is said on the command line wins
            Assert.Equal(["h3:3"], _addresses);
            Environment.SetEnvironmentVariable(AddressOption.Variable, "nowhere");
            Assert.Equal(ExitCode.Usage, await Run("replay", "--trace", file));
            Assert.Contains($"{AddressOption.Variable}: 'nowhere' must be", _error.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(AddressOption.Variable, null);
        }
    }

    [Fact]
    public async Task A_trace_that_is_missing_or_broken_is_refused_before_the_first_call()
    {
        var file = Path.Combine(_directory, "trace.jsonl");
        Assert.Equal(ExitCode.InputMissing, await Run("replay", "--trace", file));
        await File.WriteAllTextAsync(
            file, "{\"timestamp\": 1, \"input_length\": 2, \"output_length\": 3, \"hash_ids\": [1]}\n{\"timestamp\": 1}\n");
        Assert.Equal(ExitCode.BadData, await Run("replay", "--trace", file));
        Assert.Contains($"{file}: line 2: input_length is missing", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.InputOutput, await Run("replay", "--trace", _directory));
        Assert.Contains(
            $"{_directory} is a directory, and a trace is one file: name one, such as {file}", _error.ToString(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, "\n");
        Assert.Equal(ExitCode.BadData, await Run("replay", "--trace", file));
        Assert.Contains($"{file} holds no request", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal((0, 0), (_master.Calls, _master.Mounted.Count));
    }

    [Fact]
    public async Task A_trace_comes_from_standard_input_too_with_ids_of_64_bits()
    {
        _input = "{\"timestamp\": 1, \"input_length\": 2, \"output_length\": 3, \"hash_ids\": [18446744073709551615, 0]}\n";
        Assert.Equal(ExitCode.Ok, await Run("replay", "--trace", "-", "--segments", "1", "--segment-bytes", "1GiB"));
        Assert.Matches(@"requests +1\b", _output.ToString());
        _input = "{\"timestamp\": 1, \"input_length\": 2, \"output_length\": 3, \"hash_ids\": [18446744073709551616]}\n";
        Assert.Equal(ExitCode.BadData, await Run("replay", "--trace", "-"));
        Assert.Contains("standard input: line 1: hash_ids must be a whole number, 0 or more, each at most 18446744073709551615",
            _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:9003", "127.0.0.1:9003")]
    [InlineData("http://127.0.0.1:9003/", "127.0.0.1:9003")]
    [InlineData("http://127.0.0.1:9003", "127.0.0.1:9003")]
    [InlineData("HTTPS://node1.example:9003/", "https://node1.example:9003")]
    [InlineData("https://node1.example", "https://node1.example:443")]
    [InlineData("http://node1.example/", "node1.example:80")]
    [InlineData("[::1]:9003/", "[::1]:9003")]
    [InlineData("http://[::1]:9003/", "[::1]:9003")]
    [InlineData("https://[::1]/", "https://[::1]:443")]
    [InlineData(" localhost:9003 ", "localhost:9003")]
    public void An_address_is_taken_as_it_is_pasted(string pasted, string address)
    {
        Assert.True(NodeAddress.TryParse(pasted, out var read));
        Assert.Equal(address, read);
    }

    [Fact]
    public async Task A_trace_that_cannot_be_written_is_an_input_output_error() =>
        Assert.Equal(ExitCode.InputOutput, await Run("trace", "--out", Path.Combine(_directory, "none", "trace.jsonl")));

    [Fact]
    public async Task A_refused_segment_fails_the_run()
    {
        var file = Path.Combine(_directory, "trace.jsonl");
        await Run("trace", "--requests", "3", "--out", file);
        _master.MountError = HotStandby.Messages.ErrorCode.InvalidParams;
        Assert.Equal(ExitCode.FailedRun, await Run("replay", "--trace", file));
    }

    [Fact]
    public async Task Replay_asks_the_three_nodes_of_the_samples_when_it_is_given_no_address()
    {
        var file = Path.Combine(_directory, "trace.jsonl");
        await Run("trace", "--requests", "3", "--out", file);
        Assert.Equal(ExitCode.Ok, await Run("replay", "--trace", file));
        Assert.Equal(["127.0.0.1:50051", "127.0.0.1:50052", "127.0.0.1:50053"], _addresses);
    }

    [Fact]
    public async Task While_no_node_serves_replay_says_so_and_why()
    {
        var file = Path.Combine(_directory, "trace.jsonl");
        await Run("trace", "--requests", "3", "--out", file);
        _master.MountError = HotStandby.Messages.ErrorCode.UnavailableInCurrentMode;
        _master.Why = () =>
        {
            _master.MountError = HotStandby.Messages.ErrorCode.Ok; // as soon as it has been asked for
            return "h1:1 is a Standby";
        };
        Assert.Equal(ExitCode.Ok, await Run("replay", "--trace", file));
        Assert.Contains("waiting, 30 s at most: h1:1 is a Standby", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sizes_in_the_help_have_units()
    {
        await Run("replay", "--help");
        Assert.Contains("[default: 64GiB]", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("68719476736", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_given_as_configuration_is_called_one()
    {
        Assert.Equal(ExitCode.InputOutput, await Run("check-config", "--config", _directory));
        Assert.Contains("is a directory", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Off_a_terminal_a_table_has_a_line_of_headings()
    {
        new Terminal(_output, _error, false).WriteTable("T", ["name", "n"], [["a", "10"], ["long name", "2"]]);
        Assert.Equal(["# T", "name       n", "a          10", "long name  2"], _output.ToString().TrimEnd().Split(Environment.NewLine));
    }

    [Fact]
    public async Task A_bug_ends_with_the_code_for_bugs()
    {
        var file = Path.Combine(_directory, "trace.jsonl");
        await Run("trace", "--requests", "3", "--out", file);
        _master.Tick = () => throw new InvalidTimeZoneException("odd");
        Assert.Equal(ExitCode.Internal, await Run("replay", "--trace", file));
        Assert.Contains("odd", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_client_there_is_no_replay() =>
        Assert.Equal(
            ExitCode.Usage, await CommandTree.RunAsync(["replay", "--trace", "t"], new Terminal(_output, _error, false), connect: null));

    private Task<int> Run(string line) => Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private Task<int> Run(params string[] arguments) => CommandTree.RunAsync(
        arguments, new Terminal(_output, _error, false) { OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes(_input)) }, Connect);

    private FakeMaster Connect(IReadOnlyList<string> addresses, HotStandby.Messages.Identity.Uuid client)
    {
        _addresses = addresses;
        return _master;
    }
}
