// UpsertStart: insert or overwrite. An object of the same size is written in place; one of another size makes way for a new one, and
// its buffers stay allocated for readers that are slow; a put in progress, whoever's, is pre-empted at once.
using System.Text;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>How a shard decides upserts. Used by <see cref="ShardLeader"/> only.</summary>
internal sealed class UpsertRules(ShardBook book, PutRules puts)
{
    public ErrorCode Start(KeyedCall call, int index, ref ItemResult result)
    {
        var places = ShardBook.PlacesOf(call, index);
        ref readonly var key = ref call.Keys[index];
        var error = PutStartRules.Check(call, index, book.Settings);
        var existing = error == ErrorCode.Ok ? book.State.Find(key) : null;
        var alive = existing is not null && book.IsAlive(existing) ? existing : null;
        if (alive is not null)
            error = Obstacle(call, index, alive);
        if (error == ErrorCode.Ok && alive is { IsBeingWritten: false } && alive.SizeBytes == call.Sizes[index])
        {
            book.GiveBack(places);
            Rewrite(call, alive);
            result.Replicas = book.Describe(alive, ReplicaStatus.Processing);
            return ErrorCode.Ok;
        }

        // Refused without memory, with the old object as it was: better than upstream, which has lost it by now.
        if (error == ErrorCode.Ok && !puts.HasUsable(places))
            error = ErrorCode.NoAvailableHandle;
        if (error != ErrorCode.Ok)
        {
            book.GiveBack(places);
            return error;
        }

        if (existing is null)
            return puts.Create(call, index, places, default, ref result);
        var heritage = alive is null ? default : HeritageOf(call, alive);
        if (alive is { IsBeingWritten: false })
            book.Discard(key, book.NowTicks); // readers may be at it until their leases end, and writers of copies longer
        else
            puts.MakeWay(key, existing);
        return puts.Create(call, index, places, heritage, ref result);
    }

    private static ErrorCode Obstacle(KeyedCall call, int index, ObjectRecord existing)
    {
        if (call.Config.GroupIds is { } groups && !existing.Group.SequenceEqual(Encoding.UTF8.GetBytes(groups[index])))
            return ErrorCode.InvalidParams;
        return existing.HasTransfer ? ErrorCode.ObjectHasReplicationTask : ErrorCode.Ok;
    }

    private void Rewrite(KeyedCall call, ObjectRecord existing)
    {
        var config = call.Config;
        new UpsertReusePayload(
            call.Client, config.SoftPinTtlMilliseconds ?? InheritedTtl(config, existing), config.SoftPinAction, config.DataType)
            .Write(book.Draft(OpType.UpsertReuse, existing.Key, UpsertReusePayload.EncodedBytes));
        book.Apply(existing.Key);
        book.Timers.Start(existing.Key, existing, book.NowTicks);
    }

    private Heritage HeritageOf(KeyedCall call, ObjectRecord existing)
    {
        var isPinned = existing.IsSoftPinned && existing.SoftPinUntilTicks > book.NowTicks;
        return new(
            existing is { IsHardPinned: true, IsBeingWritten: false }, isPinned ? existing.SoftPinUntilTicks : null,
            isPinned ? InheritedTtl(call.Config, existing) : null, existing.Group.ToArray());
    }

    // A pin that is preserved keeps its own time; a pin that is set by a writer who names no time gets the default.
    private static ulong? InheritedTtl(ReplicateConfig config, ObjectRecord existing) =>
        existing.IsSoftPinned && config.SoftPinAction == SoftPinAction.Preserve ? existing.SoftPinTtlMilliseconds : null;
}
