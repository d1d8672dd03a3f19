// get, exist, rm and keys: what a Mooncake client asks of the master, for a first try and for a look at one object.
using System.CommandLine;
using System.Text;
using System.Text.Json;
using HotStandby.CommandLine;
using HotStandby.Lab.Commands;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Host.Commands.Objects;

/// <summary>Makes the verbs on objects.</summary>
internal static class ObjectVerbs
{
    /// <summary>The tenant of the verbs.</summary>
    public static readonly ByteString Tenant = "default";

    /// <summary>All of them.</summary>
    public static IEnumerable<Command> CreateAll(Terminal terminal) =>
        [PutCommand.Create(terminal), Get(terminal), Exist(terminal), Remove(terminal), Keys(terminal)];

    /// <summary>The argument KEY.</summary>
    public static Argument<string> Key()
    {
        var key = new Argument<string>("KEY") { Description = $"The object's key, 1 to {ObjectKey.MaximumBytes} bytes of UTF-8." };
        key.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (Encoding.UTF8.GetByteCount(token.Value) is 0 or > ObjectKey.MaximumBytes)
                    result.AddError($"KEY must have 1 to {ObjectKey.MaximumBytes} bytes of UTF-8");
        });
        return key;
    }

    /// <summary>The option <c>--json</c>.</summary>
    public static Option<bool> Json() => new("--json") { Description = "One JSON document." };

    private static Command Get(Terminal terminal) => Create(
        terminal, "get", "Show where the replicas of an object are, and lease it, as for any reader; 1 when there is none.", [],
        static async (said, master, stop) =>
        {
            var answer = await master.GetReplicaListAsync(new(said.Key, Tenant), stop);
            if (!answer.IsOk)
                return PrimaryCalls.Refused(said.Terminal, $"get {said.Key}", answer.Error);
            ObjectBody.Of(said.Key, answer.Value.LeaseTtlMilliseconds, answer.Value.Replicas).Print(
                said.Terminal, $"{said.Key}, leased for {answer.Value.LeaseTtlMilliseconds} ms", said.Json);
            return ExitCode.Ok;
        });

    private static Command Exist(Terminal terminal) => Create(
        terminal, "exist", "Say whether an object can be read: yes and 0, or no and 1.", [], static async (said, master, stop) =>
        {
            var answer = await master.ExistKeyAsync(new(said.Key, Tenant), stop);
            if (!answer.IsOk)
                return PrimaryCalls.Refused(said.Terminal, $"exist {said.Key}", answer.Error);
            said.Terminal.Output.WriteLine(said.Json
                ? JsonSerializer.Serialize(new ExistBody(said.Key, answer.Value.Value), ObjectJson.Default.ExistBody)
                : answer.Value.Value ? "yes" : "no");
            return answer.Value.Value ? ExitCode.Ok : ExitCode.FailedRun;
        });

    private static Command Remove(Terminal terminal)
    {
        var force = new Option<bool>("--force") { Description = "Remove it although a reader has a lease on it." };
        return Create(terminal, "rm", "Remove an object.", [force], async (said, master, stop) =>
        {
            var answer = await master.RemoveAsync(new(said.Key, said.Result.GetValue(force), Tenant), stop);
            if (!answer.IsOk)
                return PrimaryCalls.Refused(said.Terminal, $"rm {said.Key}", answer.Error,
                    answer.Error == ErrorCode.ObjectHasLease ? "a reader has a lease on it; wait, or say --force" : "");
            said.Terminal.Output.WriteLine(said.Json
                ? JsonSerializer.Serialize(new RemovedKeyBody(said.Key, true), ObjectJson.Default.RemovedKeyBody)
                : $"removed {said.Key}");
            return ExitCode.Ok;
        });
    }

    private static Command Keys(Terminal terminal)
    {
        var match = new Option<string>("--match")
        {
            Description = "Only keys in which this regular expression (ECMAScript, up to 4096 characters) is found.", HelpName = "regex",
            DefaultValueFactory = static _ => "^",
        };
        var (addresses, json) = (AddressOption.Create(), Json());
        var command = new Command("keys", "List the keys of the objects that can be read, in order.") { match, addresses, json };
        command.SetAction((result, stop) => PrimaryCalls.RunAsync(terminal, result.GetRequiredValue(addresses), async master =>
        {
            var answer = await master.GetReplicaListByRegexAsync(new(result.GetRequiredValue(match), Tenant), stop);
            if (!answer.IsOk)
                return PrimaryCalls.Refused(terminal, "keys", answer.Error,
                    answer.Error == ErrorCode.InvalidParams ? "--match cannot be read, is too long, or takes too long" : "");
            var keys = answer.Value.ToArray().Select(static each => each.Key.ToString()).Order(StringComparer.Ordinal).ToArray();
            if (result.GetValue(json))
                terminal.Output.WriteLine(JsonSerializer.Serialize(new KeysBody(keys), ObjectJson.Default.KeysBody));
            else
                foreach (var key in keys)
                    terminal.Output.WriteLine(key);
            return ExitCode.Ok;
        }, stop));
        return command;
    }

    // What was typed of a verb on one object.
    private sealed record Said(Terminal Terminal, ParseResult Result, string Key, bool Json);

    private static Command Create(
        Terminal terminal, string name, string description, IEnumerable<Option> own,
        Func<Said, MasterClient, CancellationToken, Task<int>> act)
    {
        var (key, addresses, json) = (Key(), AddressOption.Create(), Json());
        var command = new Command(name, description) { key };
        foreach (var option in own)
            command.Add(option);
        command.Add(addresses);
        command.Add(json);
        command.SetAction((result, stop) => PrimaryCalls.RunAsync(
            terminal, result.GetRequiredValue(addresses),
            master => act(new Said(terminal, result, result.GetRequiredValue(key), result.GetValue(json)), master, stop), stop));
        return command;
    }
}
