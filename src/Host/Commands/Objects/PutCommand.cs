// put: a record of an object, as a Mooncake client makes it, for a first try. The master holds metadata only; so does this verb.
using System.CommandLine;
using System.Security.Cryptography;
using HotStandby.Actors.Settings;
using HotStandby.CommandLine;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Commands;
using HotStandby.Lab.Replay;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Host.Commands.Objects;

/// <summary>The verb <c>put</c>.</summary>
internal static class PutCommand
{
    private const long DefaultObjectBytes = 1L << 20;
    private const long DefaultSegmentBytes = 1L << 30;
    private const long MostObjectBytes = 1L << 40;
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(1); // well below the shortest client-ttl

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var key = ObjectVerbs.Key();
        var size = Options.Size("--size", "Size of the object", DefaultObjectBytes, 1, MostObjectBytes);
        var withSegment = new Option<bool>("--with-segment")
        {
            Description = "Mount a made-up segment first, and keep it until Ctrl-C: the object lives as long. For clusters without "
                + "clients; a client that puts meanwhile may be given this memory, which does not exist.",
        };
        var segmentBytes = Options.Size(
            "--segment-size", "Size of that segment", DefaultSegmentBytes, 1L << 20, (long)SegmentOwner.MaximumSegmentBytes);
        var addresses = AddressOption.Create();
        var json = ObjectVerbs.Json();
        var command = new Command(
            "put", "Put the record of an object: PutStart and PutEnd on a mounted segment. The master holds metadata only, so no bytes "
                + "are written: a reader finds whatever that memory holds.")
        {
            key, size, withSegment, segmentBytes, addresses, json,
        };
        command.SetAction((result, stop) =>
        {
            var wish = new Wish(
                terminal, result.GetRequiredValue(addresses), NewClient(), result.GetRequiredValue(key),
                (ulong)(result.GetValue(size) ?? DefaultObjectBytes), result.GetValue(json));
            return result.GetValue(withSegment)
                ? PutOnOwnSegmentAsync(wish, (ulong)(result.GetValue(segmentBytes) ?? DefaultSegmentBytes), stop)
                : PutAsync(wish, [], stop);
        });
        return command;
    }

    private sealed record Wish(
        Terminal Terminal, IReadOnlyList<string> Addresses, Uuid Client, string Key, ulong SizeBytes, bool Json);

    private static Uuid NewClient() => new(
        BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), 0); // its segments count up from here

    private static Task<int> PutAsync(Wish wish, ByteString[] preferred, CancellationToken stop) =>
        PrimaryCalls.RunAsync(wish.Terminal, wish.Addresses, async master =>
        {
            var started = await master.PutStartAsync(
                new(wish.Client, wish.Key, wish.SizeBytes, new WireReplicateConfig { PreferredSegments = preferred },
                    ObjectVerbs.Tenant), stop);
            if (!started.IsOk)
                return PrimaryCalls.Refused(wish.Terminal, $"put {wish.Key}", started.Error, Advice(started.Error, wish.SizeBytes));
            var ended = await master.PutEndAsync(
                new(wish.Client, new ObjectMeta(wish.Key, null), ReplicaType.All, ObjectVerbs.Tenant), stop);
            if (!ended.IsOk)
                return PrimaryCalls.Refused(wish.Terminal, $"put {wish.Key}", ended.Error);
            // PutStart answers while the object is being written; PutEnd has changed that.
            var put = ObjectBody.Of(wish.Key, null, started.Value);
            (put with { Replicas = [.. put.Replicas.Select(static each => each with { Status = "complete" })] }).Print(
                wish.Terminal, $"Put {wish.Key}: its record, no bytes", wish.Json);
            return ExitCode.Ok;
        }, stop);

    private static async Task<int> PutOnOwnSegmentAsync(Wish wish, ulong segmentBytes, CancellationToken stop)
    {
        await using var client = new MooncakeMasterClient(wish.Addresses, wish.Client, AddressOption.Settings());
        try
        {
            await using var owner = await SegmentOwner.MountAsync(
                client, wish.Client, 1, segmentBytes, PrimaryCalls.Patience, PingInterval, null, stop);
            var segment = owner.Segments[0].Name;
            if (await PutAsync(wish, [segment], stop) is var code and not ExitCode.Ok)
                return code;
            wish.Terminal.Error.WriteLine($"segment {segment} of {Units.Print((long)segmentBytes)} stays until Ctrl-C; "
                + $"in another terminal: hotstandby get {wish.Key}");
            await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Ok; // being told to end is how it ends
        }
        catch (SegmentRefusedException error)
        {
            wish.Terminal.WriteError(error.Message);
            return error.IsTemporary ? ExitCode.Temporary : ExitCode.FailedRun;
        }
    }

    private static string Advice(ErrorCode error, ulong sizeBytes) => error switch
    {
        ErrorCode.NoAvailableHandle => $"no mounted segment has {Units.Print((long)sizeBytes)} free. `hotstandby segments` lists them; "
            + "--with-segment mounts one for as long as this command runs",
        ErrorCode.ObjectAlreadyExists => "`hotstandby rm` removes it",
        _ => "",
    };
}
