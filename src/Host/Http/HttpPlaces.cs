// The connections of an HTTP port. When all places are taken, the connection that has been without a request for the longest time gives
// way. So a probe gets through, however many idle connections there are.
using HotStandby.Messages.Network;
using HotStandby.Mooncake.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace HotStandby.Host.Http;

/// <summary>Puts <see cref="ConnectionSlots"/> before an HTTP port.</summary>
internal static class HttpPlaces
{
    /// <summary>Before everything else that a connection meets.</summary>
    public static void Guard(ListenOptions listen, ConnectionSlots slots) => listen.Use(next => async connection =>
    {
        using var slot = slots.Enter(connection.Abort);
        if (slot is null)
            return; // closed in order, which a client that is still connecting understands

        connection.Features.Set(slot);
        await next(connection);
    });

    /// <summary>Around every request: while one runs, its connection does not give way.</summary>
    public static void Watch(WebApplication app) => app.Use(static next => async context =>
    {
        var slot = context.Features.Get<ConnectionSlots.Slot>();
        slot?.Begin();
        try
        {
            await next(context);
        }
        finally
        {
            slot?.End();
        }
    });
}
