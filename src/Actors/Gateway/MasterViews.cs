// What this node tells clients that look for the Primary, as etcd would tell it: one key, which is there while a node serves. Written by
// the replica actor, read and watched by the discovery port's connections. What it keeps is one view and a number: no history.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Gateway;

/// <summary>A node that serves, and where.</summary>
/// <param name="Epoch">Its reign: what clients compare as the version of the view.</param>
/// <param name="Node">Its name.</param>
/// <param name="Address">host:port of its client port.</param>
public sealed record MasterView(ulong Epoch, NodeId Node, string Address);

/// <summary>What is published from a revision on, until the next one.</summary>
/// <param name="revision">See <see cref="MasterViews.RevisionBits"/>.</param>
/// <param name="view">The view.</param>
/// <param name="ended">The view that was there before, where there is none now.</param>
public sealed class PublishedView(long revision, MasterView? view, MasterView? ended)
{
    private readonly TaskCompletionSource<PublishedView> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Grows with every change; also when nothing is published any more.</summary>
    public long Revision { get; } = revision;

    /// <summary>The view; null while no node is known to serve.</summary>
    public MasterView? View { get; } = view;

    /// <summary>The view that went with this change; null when one came, and at the start.</summary>
    public MasterView? Ended { get; } = ended;

    /// <summary>The change after this one. Readers that follow it miss none; what all have read is garbage.</summary>
    public Task<PublishedView> Next => _next.Task;

    internal void Follow(PublishedView next) => _next.SetResult(next);
}

/// <summary>Where clients reach nodes.</summary>
public interface IClientAddresses
{
    /// <summary>host:port of a node's client port; empty when it is not known.</summary>
    string ClientAddressOf(NodeId node);
}

/// <summary>The published view. Thread-safe.</summary>
/// <param name="time">The clock of leases.</param>
public sealed class MasterViews(TimeProvider time)
{
    /// <summary>
    /// A revision is the epoch, shifted by so many bits, and a count of the changes within that epoch. So of two nodes that
    /// publish different epochs the one with the higher revision is right. A view begins at an even revision and ends at an odd one.
    /// </summary>
    public const int RevisionBits = 20;

    private readonly Lock _lock = new();
    private PublishedView _latest = new(1, null, null);
    private ulong _latestEpoch;
    private long _untilTicks = long.MinValue;

    /// <summary>What is published at this moment.</summary>
    public PublishedView Latest
    {
        get
        {
            lock (_lock)
            {
                if (_latest.View is not null && time.NowTicks() >= _untilTicks)
                    End();
                return _latest;
            }
        }
    }

    /// <summary>This is what the node knows now. An epoch earlier than one already published is not published.</summary>
    /// <param name="service">The node that serves; null: none is known.</param>
    /// <param name="addresses">Where; a node whose address is not known is not published.</param>
    public void Note(Service? service, IClientAddresses addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        lock (_lock)
        {
            if (service is { } same && _latest.View is { } view && view.Epoch == same.Epoch && view.Node == same.Node)
            {
                _untilTicks = same.UntilTicks;
                return;
            }

            End();
            if (service is not { } known || known.Epoch < _latestEpoch
                || addresses.ClientAddressOf(known.Node) is not { Length: > 0 } address)
                return;
            (_untilTicks, _latestEpoch) = (known.UntilTicks, known.Epoch);
            var revision = Math.Max(_latest.Revision + 1, (long)(known.Epoch << RevisionBits));
            Publish(new PublishedView(revision, new MasterView(known.Epoch, known.Node, address), null));
        }
    }

    /// <summary>Nothing is published from this moment on.</summary>
    public void Withdraw()
    {
        lock (_lock)
            End();
    }

    private void End()
    {
        if (_latest.View is { } view)
            Publish(new PublishedView(_latest.Revision + 1, null, view));
    }

    private void Publish(PublishedView next)
    {
        var before = _latest;
        _latest = next;
        before.Follow(next);
    }
}
